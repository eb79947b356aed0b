import { readFileSync } from 'node:fs'
import { extname, resolve } from 'node:path'
import { AppError } from '../errors.ts'
import { Cell } from '../link/cell.ts'
import { divideCell } from '../link/cell-share.ts'
import { Link } from '../link/link.ts'
import { linkOfSettings } from '../link/link-of.ts'
import { entryOf, spreadModel } from '../link/mix.ts'
import { isFree } from '../link/model.ts'
import type { Trace } from '../link/trace.ts'
import { parseTraceCsv } from '../link/trace-csv.ts'
import { parseMahimahi } from '../link/trace-mahimahi.ts'
import { Wheel } from '../link/wheel.ts'
import { createRandom, PURPOSE } from '../plan/random.ts'
import type { Profile } from '../profile/profile.ts'
import type { LinkSettings } from '../profile/schema/link.ts'
import { type LinkHost, LinkTransport } from './link-transport.ts'
import type { OpenTransport, RunClock } from './ports.ts'

/** Purposes of randomness below PURPOSE.link, beside those of the link itself. */
const SPREAD = 4

export interface DeckFacts {
  profile: Profile
  /** Folder that traces are read from. */
  baseDir: string
  clock: RunClock
  /** Shards that share the cells of the profile evenly. */
  shards: number
}

/** The links of a shard, their cells and the one wheel that serves them all. */
export class LinkDeck implements LinkHost {
  readonly wheel = new Wheel()
  readonly clock: RunClock
  readonly #profile: Profile
  readonly #cells = new Map<string, Cell>()
  readonly #traces = new Map<string, Trace>()
  readonly #links: Link[] = []
  readonly #open = new Set<LinkTransport>()
  readonly #baseDir: string
  /** Called when the wheel may be due earlier than before. */
  wake: () => void = () => undefined

  constructor(facts: DeckFacts) {
    const { profile, shards } = facts
    this.#profile = profile
    this.#baseDir = facts.baseDir
    this.clock = facts.clock
    for (const [name, { up, down }] of Object.entries(profile.cells)) {
      const parts = Array.from({ length: shards }, () => ({ activeLanes: 1 }))
      const share = (rateBitS: number) => divideCell(rateBitS, parts)[0] ?? rateBitS
      this.#cells.set(name, new Cell(this.wheel, { upBitS: share(up), downBitS: share(down) }))
    }
  }

  /** The link of a device; undefined when its fleet has none, or one without any effect. */
  linkOf(fleet: number, device: number, indexInFleet: number): Link | undefined {
    const settings = this.#profile.fleets[fleet]?.link
    const setting =
      settings?.[
        entryOf(
          settings.map(({ weight }) => weight),
          indexInFleet,
        )
      ]
    if (!setting) return undefined
    const { seed } = this.#profile
    const random = createRandom(seed, device, PURPOSE.link, SPREAD)
    const model = spreadModel(linkOfSettings(setting), setting.spread, random)
    const cell = setting.cell === undefined ? undefined : this.#cells.get(setting.cell)
    if (isFree(model) && !cell && !setting.up?.trace && !setting.down?.trace) return undefined
    const link = new Link(this.wheel, { model, seed, device, cell })
    this.#follow(link, setting)
    this.#links.push(link)
    return link
  }

  /** Puts a link between a session and its TCP connection. */
  through(link: Link, openSocket: OpenTransport): OpenTransport {
    return (events) => new LinkTransport(openSocket, link, events, this)
  }

  /** Connections that the link has not let go of, and bytes that it has not let through. */
  get isIdle(): boolean {
    for (const transport of this.#open) if (transport.backlogBytes > 0) return false
    return true
  }

  get openCount(): number {
    return this.#open.size
  }

  opened(transport: LinkTransport): void {
    this.#open.add(transport)
  }

  closed(transport: LinkTransport): void {
    this.#open.delete(transport)
  }

  /** Ends every connection at once. */
  close(): void {
    for (const transport of [...this.#open]) transport.abandoned()
    for (const link of this.#links) link.close()
  }

  #follow(link: Link, setting: LinkSettings): void {
    for (const direction of ['up', 'down'] as const) {
      const file = setting[direction]?.trace
      if (file !== undefined) link.follow(direction, this.#trace(file), 0)
    }
  }

  #trace(file: string): Trace {
    const path = resolve(this.#baseDir, file)
    const known = this.#traces.get(path)
    if (known) return known
    const text = readTrace(path)
    const result = extname(path).toLowerCase() === '.csv' ? parseTraceCsv(text) : parseMahimahi(text)
    if (!result.ok) {
      const problems = result.problems.map(({ line, message }) => `line ${line}: ${message}`)
      throw new AppError({
        code: 'PROFILE_INVALID',
        message: `${path}: ${problems.join('; ')}`,
        hint: 'docs/links.md says what a trace holds.',
      })
    }
    this.#traces.set(path, result.trace)
    return result.trace
  }
}

/** The links of a profile; undefined when no fleet has any. */
export function createDeck(facts: DeckFacts): LinkDeck | undefined {
  return facts.profile.fleets.some(({ link }) => link !== undefined) ? new LinkDeck(facts) : undefined
}

function readTrace(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error)
    throw new AppError({
      code: 'FILE_UNREADABLE',
      message: `Cannot read the trace ${path}: ${why}`,
      cause: error,
    })
  }
}
