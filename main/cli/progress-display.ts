import { clockText, intervalLine, liveLine, type RunEvent, type RunProgress } from '../../simulators/index.ts'
import type { Terminal } from './terminal.ts'

const INTERVAL_MS = 10_000
const MOST_EVENTS = 20
const CLEAR_LINE = '\r\u001b[2K'

/** Shows how a run goes: a line that is rewritten in place on a terminal, else one line an interval. */
export class ProgressDisplay {
  readonly #terminal: Terminal
  #last: RunProgress | undefined
  /** What stands in the live line now. */
  #shown = ''
  #nextMs = 0
  #events = 0

  constructor(terminal: Terminal) {
    this.#terminal = terminal
  }

  update(progress: RunProgress): void {
    const stateChanged = progress.state !== this.#last?.state
    this.#last = progress
    if (this.#terminal.isTty) this.#draw()
    else if (stateChanged || progress.tMs >= this.#nextMs) {
      this.#nextMs = progress.tMs + INTERVAL_MS
      this.#terminal.write(`${intervalLine(progress)}\n`)
    }
  }

  event({ tMs, count, text, fleet }: RunEvent): void {
    this.#events += 1
    if (this.#events > MOST_EVENTS + 1) return
    const times = count > 1 ? `${count} × ` : ''
    const where = fleet === undefined ? '' : ` (${fleet})`
    this.note(
      this.#events > MOST_EVENTS
        ? 'More events are in the report.'
        : `${clockText(tMs)}  ${times}${text}${where}`,
    )
  }

  /** Writes a line of its own, above the live line. */
  note(text: string): void {
    this.clear()
    this.#terminal.write(`${text}\n`)
    if (this.#terminal.isTty && this.#last) this.#draw()
  }

  /** Takes the live line away. */
  clear(): void {
    if (this.#shown !== '') this.#terminal.write(CLEAR_LINE)
    this.#shown = ''
  }

  #draw(): void {
    if (!this.#last) return
    // The last column stays free: some terminals wrap when it is written.
    const line = liveLine(this.#last, this.#terminal.columns() - 1)
    if (line === this.#shown) return
    this.#terminal.write(`${CLEAR_LINE}${line}`)
    this.#shown = line
  }
}
