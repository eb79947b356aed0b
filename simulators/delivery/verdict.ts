import type { GeneratorHealth, ThresholdResult } from '../metrics/types.ts'
import type { Books, DeliveryCounts, Finding, ObserverHealth, Verdict } from './types.ts'
import { amount, findingReason, plural, spans } from './verdict-words.ts'

/** Why a verdict is what it is. */
export interface Reason {
  code: string
  text: string
}

export interface JudgedFleet {
  name: string
  /** Devices that the plan had connect in the time that the run lasted. */
  planned: number
  /** Devices that were connected at least once. */
  connected: number
  /** The profile lets it publish. */
  publishes: boolean
  books: Books
  /** null: no probe, or no marker to know its messages by. */
  counts: DeliveryCounts | null
}

export interface VerdictInput {
  /** What kept the run from starting, in words. */
  startFailure: string | null
  /** How the embedded broker died, if it did. */
  brokerDeath: string | null
  fleets: readonly JudgedFleet[]
  findings: readonly Finding[]
  thresholds: readonly ThresholdResult[]
  generator: Pick<GeneratorHealth, 'saturated' | 'bindingLimit' | 'behind' | 'behindShare'>
  /** Shards that died, with the devices they drove. */
  deadShards: readonly { shard: number; devices: number }[]
  /** null: the profile has no probe. */
  observer: Pick<ObserverHealth, 'blind' | 'overloaded'> | null
  /** Publish entries of which nothing reached the observer, with what was expected and with what may have been lost. */
  unproven: readonly { fleet: string; topic: string; expected: number; inconclusive: number }[]
  /** The drain came to its proper end. */
  settled: boolean
  /** Stopped by hand before its planned end. */
  interrupted: boolean
}

export interface Judgement {
  verdict: Verdict
  /** The one that decided first. */
  reasons: Reason[]
  findings: Finding[]
}

type Ranked = Reason & { verdict: Verdict }

/** Says what a run proved: the gravest reason decides, all are listed. */
export function judge(input: VerdictInput): Judgement {
  const ranked = invalidity(input)
  if (input.startFailure === null) ranked.push(...failures(input), ...doubts(input))
  const verdict = ranked[0]?.verdict ?? 'pass'
  const reasons = ranked.map(({ code, text }) => ({ code, text }))
  return { verdict, reasons: reasons.length > 0 ? reasons : [praise(input)], findings: [...input.findings] }
}

/** The test itself did not work: nothing it found says anything about the broker. */
function invalidity({ startFailure, brokerDeath, fleets, generator, deadShards }: VerdictInput): Ranked[] {
  const ranked: Ranked[] = []
  const say = (code: string, text: string) => ranked.push({ verdict: 'invalid', code, text })
  if (startFailure !== null) say('not-started', `The run could not start: ${startFailure}`)
  if (brokerDeath !== null)
    say('broker-died', `The embedded broker ${brokerDeath}; what it did with the last messages is not known.`)
  for (const { shard, devices } of deadShards)
    say(
      'shard-died',
      `Shard ${shard} died with ${plural(devices, 'device')}; what they did last is not known.`,
    )
  if (generator.saturated) {
    const limit = generator.bindingLimit ?? 'not known'
    const share = `${(generator.behindShare * 100).toFixed(1)} %`
    say(
      'generator-saturated',
      `This machine was the bottleneck (${limit}): ${plural(generator.behind, 'message')} (${share}) went out late.`,
    )
  }
  if (startFailure !== null) return ranked
  if (fleets.every(({ connected }) => connected === 0))
    say(
      'nothing-connected',
      `None of ${plural(
        sum(fleets, ({ planned }) => planned),
        'device',
      )} ever connected.`,
    )
  else if (fleets.some(({ publishes }) => publishes) && sum(fleets, ({ books }) => books.sent) === 0)
    say('nothing-sent', 'Not one message was sent.')
  return ranked
}

function failures({ findings, thresholds }: VerdictInput): Ranked[] {
  const broken = findings.filter(({ grade, count }) => grade === 'violation' && count > 0)
  return [
    ...broken.map((finding): Ranked => ({ verdict: 'fail', ...findingReason(finding) })),
    ...thresholds
      .filter(({ ok }) => ok === false)
      .map(
        ({ check, explanation }): Ranked => thresholdReason('fail', 'threshold-failed', check, explanation),
      ),
  ]
}

/** What could not be known, so that neither pass nor fail would be true. */
function doubts(input: VerdictInput): Ranked[] {
  const { fleets, thresholds, observer, settled, interrupted } = input
  const ranked: Ranked[] = []
  const say = (code: string, text: string) => ranked.push({ verdict: 'inconclusive', code, text })
  // A probe that was well all the time and saw nothing of a topic has a reason of its own.
  const wasWell = settled && observer !== null && !observer.overloaded && observer.blind.length === 0
  const unproven = wasWell ? input.unproven : []
  const unseen = unproven.reduce((total, entry) => total + entry.inconclusive, 0)
  const open = sum(fleets, ({ counts }) => counts?.inconclusive ?? 0) - unseen
  const expected = sum(fleets, ({ counts }) => counts?.expected ?? 0)
  if (open > 0) {
    const ofExpected = `${amount(open)} of ${plural(expected, 'expected message')}`
    if (observer?.overloaded)
      say('observer-overloaded', `The probe was too slow to be believed; ${ofExpected} not seen.`)
    else if (!settled) say('drain-incomplete', `${ofExpected} had not arrived when the drain was given up.`)
    else if (observer !== null && observer.blind.length > 0)
      say(
        'observer-blind',
        `${ofExpected} may have passed while the probe was blind (${spans(observer.blind)}).`,
      )
    else say('missing-unexplained', `${ofExpected} not seen, and it is not known whether they arrived.`)
  } else if (!settled && observer !== null)
    say(
      'drain-incomplete',
      'The drain was given up before it was quiet; copies may still have been on their way.',
    )
  for (const { fleet, topic, expected } of unproven)
    say(
      'nothing-delivered',
      `None of ${plural(expected, 'message')} of fleet ${fleet} to ${topic} reached the probe: may it read this topic, on this broker?`,
    )
  for (const { name, planned, connected, publishes, books } of fleets) {
    if (connected < planned)
      say(
        'devices-not-connected',
        `${amount(planned - connected)} of ${plural(planned, 'device')} of fleet ${name} never connected.`,
      )
    if (connected === 0) continue
    if (publishes && books.sent === 0) say('fleet-silent', `Fleet ${name} sent none of its messages.`)
  }
  const unresolved = sum(fleets, ({ counts }) => counts?.unresolved ?? 0)
  if (unresolved > 0)
    say(
      'unresolved',
      `${plural(unresolved, 'arrival')} came so late among so many holes that nobody can tell copy from first.`,
    )
  const unordered = sum(fleets, ({ counts }) => counts?.orderUnjudged ?? 0)
  if (unordered > 0)
    say('order-unjudged', `The order of ${plural(unordered, 'arrival')} could not be judged.`)
  for (const { ok, check, explanation } of thresholds)
    if (ok === null) ranked.push(thresholdReason('inconclusive', 'threshold-not-judged', check, explanation))
  if (interrupted) say('interrupted', 'The run was stopped before its planned end.')
  return ranked
}

function thresholdReason(verdict: Verdict, code: string, check: string, explanation: string): Ranked {
  return { verdict, code, text: `${check}: ${explanation}` }
}

function praise({ fleets, observer }: VerdictInput): Reason {
  const sent = sum(fleets, ({ books }) => books.sent)
  const expected = sum(fleets, ({ counts }) => counts?.expected ?? 0)
  const delivered = sum(fleets, ({ counts }) => counts?.delivered ?? 0)
  if (observer === null || expected === 0)
    return { code: 'not-observed', text: `${plural(sent, 'message')} sent; delivery was not observed.` }
  if (delivered === expected)
    return {
      code: 'all-delivered',
      text: `All ${plural(expected, 'message')} reached the probe as promised.`,
    }
  const text = `${amount(delivered)} of ${plural(expected, 'message')} reached the probe; nothing that was promised is missing.`
  return { code: 'promises-kept', text }
}

function sum(fleets: readonly JudgedFleet[], count: (fleet: JudgedFleet) => number): number {
  return fleets.reduce((total, fleet) => total + count(fleet), 0)
}
