import type { Cell } from '../../simulators/link/cell.ts'
import { Link } from '../../simulators/link/link.ts'
import type { LinkPipe } from '../../simulators/link/link-pipe.ts'
import {
  type Direction,
  FREE_LANE,
  FREE_LINK,
  type LaneModel,
  type LinkModel,
} from '../../simulators/link/model.ts'
import { Wheel } from '../../simulators/link/wheel.ts'

/** A piece of bytes that came out of a link. */
export interface Release {
  direction: Direction
  atMs: number
  bytes: Buffer
}

export interface LinkRig {
  wheel: Wheel
  link: Link
  pipe: LinkPipe
  releases: Release[]
  /** What else the ends were told, with its time: "opened 0", "drained up 12.5". */
  told: string[]
}

export interface RigOptions {
  wheel?: Wheel
  seed?: number
  device?: number
  cell?: Cell
}

/** A link that does only what is given; its handshake takes no time unless that is given too. */
export function linkOf(
  up: Partial<LaneModel> = {},
  rest: Partial<Omit<LinkModel, 'up' | 'down'>> & { down?: Partial<LaneModel> } = {},
): LinkModel {
  const { down, ...others } = rest
  return {
    ...FREE_LINK,
    handshakeRtts: 0,
    ...others,
    up: { ...FREE_LANE, ...up },
    down: { ...FREE_LANE, ...down },
  }
}

/** One connection over a link in virtual time, recorded at both ends. */
export function rigLink(model: LinkModel, options: RigOptions = {}): LinkRig {
  const wheel = options.wheel ?? new Wheel()
  const releases: Release[] = []
  const told: string[] = []
  const tell = (what: string) => told.push(`${what} ${Math.round(wheel.nowMs * 1e6) / 1e6}`)
  const { seed = 1, device = 0, cell } = options
  const link = new Link(wheel, { model, seed, device, cell })
  const pipe = link.connect(
    {
      released: (direction, bytes) => releases.push({ direction, atMs: wheel.nowMs, bytes }),
      drained: (direction) => tell(`drained ${direction}`),
      finished: (direction) => tell(`finished ${direction}`),
      opened: () => tell('opened'),
      reset: () => tell('reset'),
      abandoned: () => tell('abandoned'),
    },
    wheel.nowMs,
  )
  wheel.advance(wheel.nowMs)
  return { wheel, link, pipe, releases, told }
}

/** One-way delays of `count` messages of 200 bytes, one every `everyMs`. */
export function delaysOf(model: LinkModel, count: number, everyMs: number, seed = 1): number[] {
  const { wheel, pipe, releases } = rigLink(model, { seed })
  const sizeBytes = 200
  for (let index = 0; index < count; index += 1) {
    wheel.advance(index * everyMs)
    pipe.send('up', Buffer.alloc(sizeBytes), index * everyMs)
  }
  wheel.advance(count * everyMs + 600_000)
  const delays: number[] = []
  let bytes = 0
  for (const release of releases) {
    bytes += release.bytes.length
    while (delays.length < Math.floor(bytes / sizeBytes)) delays.push(release.atMs - delays.length * everyMs)
  }
  return delays
}

/** The value below which `share` of the values lie. */
export function quantile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? Number.NaN
}

/** Time from the first byte in to the last byte out of one large write. */
export function transferMs(model: LinkModel, sizeBytes: number, seed = 1): number {
  const { wheel, pipe, releases } = rigLink(model, { seed })
  pipe.send('up', Buffer.alloc(sizeBytes), 0)
  wheel.advance(10_000_000)
  const got = releases.reduce((sum, { bytes }) => sum + bytes.length, 0)
  if (got !== sizeBytes) throw new Error(`${sizeBytes} bytes went in, ${got} came out`)
  return releases.at(-1)?.atMs ?? Number.NaN
}
