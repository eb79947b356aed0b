import { type Distribution, FREE_LANE, type LaneModel, type Loss } from './model.ts'

/** A lane read from the words of tc-netem, with what could not be taken over. */
export interface NetemReading {
  lane: LaneModel
  warnings: readonly string[]
  /** What is no netem at all; the lane is then of no use. */
  problems: readonly string[]
}

/** netem's burst models count packets; as times they need a rate of packets. */
const PACKETS_PER_S = 100

const TIME = /^(\d+(?:\.\d+)?)(us|usecs?|ms|msecs?|s|secs?)?$/
const RATE = /^(\d+(?:\.\d+)?)([kmg]?)(i?)(bit|bps)?$/i
const PERCENT = /^(\d+(?:\.\d+)?)%?$/
const MS_PER: Readonly<Record<string, number>> = { u: 0.001, m: 1, s: 1_000 }
const POWERS: Readonly<Record<string, number>> = { '': 0, k: 1, m: 2, g: 3 }
const DISTRIBUTIONS: Readonly<Record<string, Distribution>> = {
  uniform: 'uniform',
  normal: 'normal',
  pareto: 'pareto',
  paretonormal: 'paretonormal',
}

/** A time as tc writes it, in ms; without a unit it is in microseconds. */
function timeMs(word: string | undefined): number | undefined {
  const match = TIME.exec(word ?? '')
  return match ? Number(match[1]) * (MS_PER[match[2]?.[0] ?? 'u'] ?? Number.NaN) : undefined
}

/** A rate as tc writes it, in bits per second: "bps" means bytes, and no unit means bits. */
function rateBitS(word: string | undefined): number | undefined {
  const match = RATE.exec(word ?? '')
  if (!match) return undefined
  const base = match[3] ? 1_024 : 1_000
  const bytes = match[4]?.toLowerCase() === 'bps' ? 8 : 1
  return Number(match[1]) * base ** (POWERS[match[2]?.toLowerCase() ?? ''] ?? 0) * bytes
}

function share(word: string | undefined): number | undefined {
  const match = PERCENT.exec(word ?? '')
  return match ? Number(match[1]) / 100 : undefined
}

/** Words of a command, taken from the left. */
class Words {
  readonly #words: string[]

  constructor(command: string) {
    this.#words = command.trim().split(/\s+/)
  }

  get next(): string | undefined {
    return this.#words[0]
  }

  take(): string | undefined {
    return this.#words.shift()
  }

  /** Takes the next word if `read` understands it. */
  takeAs<Value>(read: (word: string | undefined) => Value | undefined): Value | undefined {
    const value = read(this.next)
    if (value !== undefined) this.take()
    return value
  }

  skipPast(word: string): void {
    const place = this.#words.indexOf(word)
    if (place >= 0) this.#words.splice(0, place + 1)
  }
}

/** Reads a netem command ("tc qdisc add dev eth0 root netem delay 100ms 20ms loss 1% rate 1mbit"), or what follows "netem". */
export function parseNetem(command: string): NetemReading {
  const words = new Words(command)
  words.skipPast('netem')
  const warnings: string[] = []
  const problems: string[] = []
  let lane: LaneModel = { ...FREE_LANE, distribution: 'uniform' }
  for (let word = words.take(); word !== undefined && word !== ''; word = words.take()) {
    switch (word) {
      case 'delay':
      case 'latency': {
        const delayMs = words.takeAs(timeMs)
        if (delayMs === undefined) problems.push(`"${word}" without a time`)
        const jitterMs = words.takeAs(timeMs) ?? 0
        lane = { ...lane, delayMs: delayMs ?? 0, jitterMs, correlation: words.takeAs(share) ?? 0 }
        break
      }
      case 'distribution': {
        const name = words.take() ?? ''
        const distribution = Object.hasOwn(DISTRIBUTIONS, name) ? DISTRIBUTIONS[name] : undefined
        if (distribution) lane = { ...lane, distribution }
        else problems.push(`"${name}" is no distribution: uniform, normal, pareto and paretonormal are`)
        break
      }
      case 'loss':
      case 'drop': {
        const loss = readLoss(words, warnings)
        if (loss === undefined) problems.push(`"${word}" without a percentage`)
        else lane = { ...lane, loss }
        break
      }
      case 'rate': {
        const rate = words.takeAs(rateBitS)
        if (!rate) problems.push('"rate" without a bit rate above zero')
        else lane = { ...lane, rateBitS: rate }
        // Packet overhead, then the sizes of ATM cells.
        const overhead = words.takeAs((text) => (/^-?\d+$/.test(text ?? '') ? Number(text) : undefined))
        if (overhead) lane = { ...lane, overheadBytes: Math.max(0, 66 + overhead) }
        break
      }
      case 'limit':
        words.take()
        warnings.push(
          '"limit" counts packets that netem would drop; give the lane a queue in bytes or time instead',
        )
        break
      case 'duplicate':
      case 'reorder':
      case 'corrupt':
      case 'gap':
      case 'slot':
      case 'ecn':
      case 'seed':
        while (words.takeAs((text) => (/^[\d.]/.test(text ?? '') ? text : undefined)) !== undefined);
        warnings.push(`"${word}" is left out: TCP hides it from an application`)
        break
      default:
        problems.push(`"${word}" is no word of netem`)
    }
  }
  // netem counts the Ethernet header too.
  if (lane.overheadBytes === FREE_LANE.overheadBytes) lane = { ...lane, overheadBytes: 66 }
  return { lane, warnings, problems }
}

function readLoss(words: Words, warnings: string[]): Loss | undefined {
  if (words.next === 'gemodel') {
    words.take()
    return readGilbertElliott(words, warnings)
  }
  if (words.next === 'random') words.take()
  const lost = words.takeAs(share)
  if (lost !== undefined && words.takeAs(share) !== undefined)
    warnings.push(
      'the correlation of "loss" is left out; a burst model (meanGood, meanBad) says better what it means',
    )
  return lost === undefined ? undefined : { share: Math.min(1, lost) }
}

/** gemodel p [r [1-h [1-k]]], per packet (netem(8)). */
function readGilbertElliott(words: Words, warnings: string[]): Loss | undefined {
  const p = words.takeAs(share)
  if (!p) return undefined
  const r = words.takeAs(share) || 1 - p
  const badShare = words.takeAs(share) ?? 1
  const goodShare = words.takeAs(share) ?? 0
  warnings.push(
    `netem's burst loss counts packets, which starves thin flows; taken over as times at ${PACKETS_PER_S} packets a second`,
  )
  const msPerPacket = 1_000 / PACKETS_PER_S
  return { meanGoodMs: msPerPacket / p, meanBadMs: msPerPacket / r, goodShare, badShare }
}
