import { describe, expect, it } from 'vitest'
import type { RunProgress } from '../../simulators/index.ts'
import { transcript } from '../../tests/support/fake-cli-host.ts'
import { ProgressDisplay } from './progress-display.ts'

const CLEAR = '\r\u001b[2K'

function at(tMs: number, state: RunProgress['state'] = 'running'): RunProgress {
  return {
    ...{ state, tMs, totalMs: 60_000, connected: 5, devices: 5, sentPerS: 10, targetPerS: 10, sent: 0 },
    ...{ missing: 0, e2eP99Ms: null, behind: 0 },
  }
}

describe('progress without a terminal', () => {
  it('is one line every ten seconds and one at each change of state', () => {
    const stderr = transcript()
    const display = new ProgressDisplay(stderr)

    for (let tMs = 0; tMs <= 30_000; tMs += 250) display.update(at(tMs))
    display.update(at(30_250, 'draining'))

    const starts = stderr
      .text()
      .split('\n')
      .map((line) => line.split(',')[0])
    expect(starts).toEqual([
      'Running 00:00 / 01:00',
      'Running 00:10 / 01:00',
      'Running 00:20 / 01:00',
      'Running 00:30 / 01:00',
      'Draining',
      '',
    ])
  })

  it('shows events as they come, and not without end', () => {
    const stderr = transcript()
    const display = new ProgressDisplay(stderr)

    for (let index = 0; index < 100; index += 1)
      display.event({ tMs: 13_000, kind: 'refused', text: 'server busy (0x89)', count: 12, fleet: 'meters' })

    const lines = stderr.text().trimEnd().split('\n')
    expect(lines).toHaveLength(21)
    expect(lines[0]).toBe('00:13  12 × server busy (0x89) (meters)')
    expect(lines.at(-1)).toBe('More events are in the report.')
  })
})

describe('progress on a terminal', () => {
  it('rewrites one line in place and leaves the last column free', () => {
    const stderr = transcript({ isTty: true, columns: 40 })
    const display = new ProgressDisplay(stderr)

    display.update(at(0))
    display.update(at(1_000))
    display.clear()

    const lines = stderr.text().split(CLEAR)
    expect(lines).toEqual([
      '',
      'Running 00:00 / 01:00 · 5/5 connected',
      'Running 00:01 / 01:00 · 5/5 connected',
      '',
    ])
    expect(stderr.text()).not.toContain('\n')
  })

  it('writes nothing when nothing has changed', () => {
    const stderr = transcript({ isTty: true })
    const display = new ProgressDisplay(stderr)
    display.update(at(0))
    const once = stderr.text()

    display.update(at(100))

    expect(stderr.text()).toBe(once)
  })

  it('keeps a note above the live line', () => {
    const stderr = transcript({ isTty: true })
    const display = new ProgressDisplay(stderr)
    display.update(at(0))

    display.note('Draining.')

    expect(stderr.text().split(CLEAR).slice(-2)).toEqual([
      'Draining.\n',
      'Running 00:00 / 01:00 · 5/5 connected · 10/s of 10/s · missing 0 · behind 0',
    ])
  })
})
