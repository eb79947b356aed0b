import { type LookupAddress, type LookupAllOptions, lookup } from 'node:dns'
import type { LookupFunction } from 'node:net'

const KEPT_MS = 30_000

interface Entry {
  addresses: LookupAddress[] | undefined
  untilMs: number
  waiting: ((error: NodeJS.ErrnoException | null, addresses: LookupAddress[]) => void)[]
}

/** Asks the resolver for every address of a host. */
export type Resolve = (
  host: string,
  options: LookupAllOptions,
  done: (error: NodeJS.ErrnoException | null, addresses: LookupAddress[]) => void,
) => void

/**
 * A `lookup` for sockets that remembers names for half a minute: ten thousand devices would otherwise load the resolver
 * instead of the broker, four at a time, and measure that.
 */
export function cachedLookup(
  resolve: Resolve = lookup,
  now: () => number = performance.now.bind(performance),
) {
  const entries = new Map<string, Entry>()

  function addressesOf(host: string, family: number, done: Entry['waiting'][number]): void {
    const key = `${family} ${host}`
    const known = entries.get(key)
    if (known?.addresses && known.untilMs > now()) {
      const { addresses } = known
      // Never at once: sockets expect to be told later.
      process.nextTick(() => done(null, addresses))
      return
    }
    if (known && !known.addresses) {
      known.waiting.push(done)
      return
    }
    const entry: Entry = { addresses: undefined, untilMs: 0, waiting: [done] }
    entries.set(key, entry)
    resolve(host, { all: true, family, verbatim: true }, (error, addresses) => {
      if (error) entries.delete(key)
      else {
        entry.addresses = addresses
        entry.untilMs = now() + KEPT_MS
      }
      for (const waiting of entry.waiting) waiting(error, addresses)
      entry.waiting = []
    })
  }

  const cached: LookupFunction = (host, options, done) => {
    const family = options.family === 'IPv4' ? 4 : options.family === 'IPv6' ? 6 : (options.family ?? 0)
    addressesOf(host, family, (error, addresses) => {
      const [first] = error ? [] : addresses
      if (!first) done(error ?? new Error(`no address for ${host}`), '', 0)
      else if (options.all) done(null, addresses)
      else done(null, first.address, first.family)
    })
  }
  return cached
}
