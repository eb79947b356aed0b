import { describe, expect, it } from 'vitest'
import { linkOf, rigLink } from '../../tests/support/link-rig.ts'
import type { Trace, TraceResult } from './trace.ts'
import { parseTraceCsv } from './trace-csv.ts'
import { parseMahimahi } from './trace-mahimahi.ts'

function traceOf(result: TraceResult): Trace {
  if (!result.ok) throw new Error(JSON.stringify(result.problems))
  return result.trace
}

function problemsOf(result: TraceResult): string[] {
  return result.ok ? [] : result.problems.map(({ line, message }) => `${line}: ${message}`)
}

describe('a trace from CSV', () => {
  it('has a step per line, from its first time on; the last lasts as long as the one before', () => {
    const text =
      'time,rate,delay,loss\n10s,20kbit/s,50ms,1%\r\n# tunnel\n12s,0bit/s,50ms,0%\n15s,1Mbit/s,20ms,0%\n'

    expect(traceOf(parseTraceCsv(text))).toEqual({
      steps: [
        { atMs: 0, changes: { rateBitS: 20_000, delayMs: 50, loss: { share: 0.01 } } },
        { atMs: 2_000, changes: { rateBitS: 0, delayMs: 50, loss: undefined } },
        { atMs: 5_000, changes: { rateBitS: 1e6, delayMs: 20, loss: undefined } },
      ],
      lengthMs: 8_000,
    })
  })

  it('takes plain numbers where the column says their unit', () => {
    const { steps } = traceOf(parseTraceCsv('time_s,rate_kbit,loss_percent\n0,64,0.5\n1,128,0'))

    expect(steps.map(({ changes }) => changes)).toEqual([
      { rateBitS: 64_000, loss: { share: 0.005 } },
      { rateBitS: 128_000, loss: undefined },
    ])
  })

  it.each([
    ['time,rate\n0s,\n1s,5kbit/s', '2: a hole: no rate'],
    ['time,rate\n2s,5kbit/s\n1s,5kbit/s', '3: 1000 ms is not later than 2000 ms, the step before it'],
    ['time,rate\n0s,fast', '2: "fast" is not a bit rate such as "20kbit/s"'],
    ['time,rate\n0s,5kbit/s,7', '2: 3 values for 2 columns'],
    ['time,loss\n0s,120%', '2: a loss of 120 % is more than all'],
    ['rate,time\n5kbit/s,0s', '1: the first column must be the time'],
    ['time\n0s', '1: there is no column for rate, delay or loss'],
    ['time,rate\n', '1: no step follows the header'],
    ['time,rate,rate_kbit\n0s,5kbit/s,5', '1: there are two columns for rate'],
    ['time,speed\n0s,5', '1: "speed" is no column of a trace'],
  ])('tells the line that is wrong: %j', (text, problem) => {
    expect(problemsOf(parseTraceCsv(text)).join('\n')).toContain(problem)
  })
})

describe('a trace from Mahimahi', () => {
  it('turns opportunities to deliver into rates, with nothing gained or lost', () => {
    // Every 10 ms for 200 ms, then two at once at the very end.
    const times = [...Array.from({ length: 20 }, (_, index) => index * 10), 250, 250]
    const { steps, lengthMs } = traceOf(parseMahimahi(`${times.join('\n')}\n`))
    const bytes = steps.reduce((sum, { atMs, changes }, place) => {
      const untilMs = steps[place + 1]?.atMs ?? lengthMs
      return sum + ((changes.rateBitS ?? 0) * (untilMs - atMs)) / 8_000
    }, 0)

    expect([steps.length, lengthMs]).toEqual([3, 250])
    expect(bytes).toBeCloseTo(times.length * 1_504, 6)
  })

  it.each([
    ['5\n3', '2: 3 ms is earlier than 5 ms, the line before it'],
    ['5\nx', '2: "x" is no time in whole milliseconds'],
    ['', '1: a trace needs a time above zero'],
  ])('tells the line that is wrong: %j', (text, problem) => {
    expect(problemsOf(parseMahimahi(text))).toEqual([problem])
  })
})

describe('a link that follows a trace', () => {
  it('carries what the trace allows, round after round', () => {
    const trace = traceOf(parseTraceCsv('time_ms,rate_kbit\n0,80\n100,0\n200,160'))
    const rig = rigLink(linkOf({ overheadBytes: 0, queue: { bytes: 1e9 } }))
    rig.link.follow('up', trace, 0)
    rig.pipe.send('up', Buffer.alloc(1_000_000), 0)
    rig.wheel.advance(30_000)
    const carried = rig.releases.reduce((sum, { bytes }) => sum + bytes.length, 0)

    // 80 kbit/s for 100 ms, nothing for 100 ms, 160 kbit/s for 100 ms: 3000 bytes per 300 ms.
    expect(Math.abs(carried - 300_000)).toBeLessThanOrEqual(1_500)
    rig.link.follow('up', undefined, 30_000)
    rig.wheel.advance(30_001)
    expect(rig.pipe.up.releasedBytes).toBe(1_000_000)
  })
})
