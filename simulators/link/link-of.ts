import type { LaneSettings, LinkSettings } from '../profile/schema/link.ts'
import { FREE_LINK, type LaneModel, type LinkModel, type OutageModel } from './model.ts'
import { parseNetem } from './netem.ts'
import { presetOf } from './presets.ts'
import { THROTTLING_NAMES, type ThrottlingName, throttlingOf } from './throttling.ts'

/** What a setting says of a lane, over what its preset says. */
function laneOf(preset: LaneModel, settings: LaneSettings | undefined): LaneModel {
  if (!settings) return preset
  const base = settings.netem === undefined ? preset : parseNetem(settings.netem).lane
  return {
    rateBitS: settings.rate ?? base.rateBitS,
    burstBytes: settings.burst ?? base.burstBytes,
    delayMs: settings.delay ?? base.delayMs,
    jitterMs: settings.jitter ?? base.jitterMs,
    distribution: settings.distribution ?? base.distribution,
    correlation: settings.correlation ?? base.correlation,
    // "0%" is undefined too, but it is given.
    loss: 'loss' in settings ? settings.loss : base.loss,
    queue: settings.queue ?? base.queue,
    mtuBytes: settings.mtu ?? base.mtuBytes,
    overheadBytes: settings.overhead ?? base.overheadBytes,
  }
}

function outagesOf(settings: LinkSettings['outages']): OutageModel | undefined {
  if (!settings) return undefined
  const { kind } = settings
  if ('schedule' in settings)
    return { kind, schedule: settings.schedule.map((outage) => ({ atMs: outage.at, forMs: outage.for })) }
  return { kind, meanUpMs: settings.meanUp, meanDownMs: settings.meanDown }
}

function modelOf(name: NonNullable<LinkSettings['use']>): LinkModel {
  return isThrottling(name) ? throttlingOf(name).model : presetOf(name).model
}

function isThrottling(name: string): name is ThrottlingName {
  return THROTTLING_NAMES.some((known) => known === name)
}

/** The model of a link setting of a profile: its preset with what differs. Traces, cells and spread are the caller's. */
export function linkOfSettings(settings: LinkSettings): LinkModel {
  const base = settings.use === undefined ? FREE_LINK : modelOf(settings.use)
  const { promotion, dutyCycle, nat, tcp } = settings
  return {
    up: laneOf(base.up, settings.up),
    down: laneOf(base.down, settings.down),
    halfDuplex: settings.halfDuplex ?? base.halfDuplex,
    handshakeRtts: settings.handshake ?? base.handshakeRtts,
    tcp: tcp ?? base.tcp,
    promotion: promotion ? { idleMs: promotion.idle, delayMs: promotion.delay } : base.promotion,
    dutyCycle: dutyCycle ? { everyMs: dutyCycle.every, awakeMs: dutyCycle.awake } : base.dutyCycle,
    nat: nat ? { idleMs: nat.idle, kind: nat.kind } : base.nat,
    outages: outagesOf(settings.outages) ?? base.outages,
  }
}
