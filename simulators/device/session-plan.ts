import { AppError } from '../errors.ts'
import type { Fleet } from '../profile/profile.ts'
import { type DeviceFacts, parseTemplate, renderForDevice } from '../profile/template.ts'
import { renderOnce } from './payload/render-once.ts'
import type { SessionSettings, Will } from './session-settings.ts'

/** Renders a template that only knows the device. A valid profile holds no other in these places. */
export function renderText(template: string, facts: DeviceFacts): string {
  const parsed = parseTemplate(template)
  if (parsed.ok) return renderForDevice(parsed.parts, facts)
  throw new AppError({ code: 'PROFILE_INVALID', message: `${JSON.stringify(template)}: ${parsed.message}` })
}

function renderAll(templates: Record<string, string>, facts: DeviceFacts): Record<string, string> {
  return Object.fromEntries(
    Object.entries(templates).map(([name, value]) => [name, renderText(value, facts)]),
  )
}

/** Completes what a device knows of itself: user name first, then the client id, which may name it. */
export function identify(fleet: Fleet, facts: DeviceFacts): Required<DeviceFacts> {
  const username = fleet.auth?.username === undefined ? '' : renderText(fleet.auth.username, facts)
  const clientId = renderText(fleet.clientId, { ...facts, username })
  return { ...facts, username, clientId }
}

function willOf(fleet: Fleet, facts: DeviceFacts): Will | undefined {
  if (!fleet.will) return undefined
  return {
    topic: renderText(fleet.will.topic, facts),
    payload: renderOnce(fleet.will.payload, facts),
    qos: fleet.will.qos,
    retain: fleet.will.retain,
    delayS: Math.round(fleet.will.delay / 1_000),
  }
}

/** How one device of a fleet speaks MQTT: the fleet's settings with its templates rendered. */
export function sessionSettings(
  fleet: Fleet,
  protocol: 4 | 5,
  facts: Required<DeviceFacts>,
): SessionSettings {
  const { session, auth } = fleet
  const will = willOf(fleet, facts)
  return {
    clientId: facts.clientId,
    protocol,
    ...(auth?.username === undefined ? {} : { username: facts.username }),
    ...(auth?.password === undefined ? {} : { password: renderText(auth.password, facts) }),
    keepAliveS: Math.round(session.keepAlive / 1_000),
    cleanStart: session.cleanStart,
    sessionExpiryS: Math.round(session.expiry / 1_000),
    ...(session.receiveMaximum === undefined ? {} : { receiveMaximum: session.receiveMaximum }),
    inFlight: session.inFlight,
    topicAliases: session.topicAliases,
    ...(will ? { will } : {}),
    ...(session.userProperties ? { userProperties: renderAll(session.userProperties, facts) } : {}),
    subscriptions: fleet.subscribe.map(({ topic, qos }) => ({ topic: renderText(topic, facts), qos })),
    connectTimeoutMs: fleet.connect.timeout,
  }
}
