import mqttPacket, { type IConnackPacket, type IConnectPacket } from 'mqtt-packet'
import type { QoS } from '../profile/profile.ts'
import type { Closure } from './ports.ts'
import { reasonText } from './reason-codes.ts'
import type { ConnectedInfo, SessionSettings, Will } from './session-settings.ts'
import { MAX_VARIABLE_BYTE_INTEGER } from './variable-byte-integer.ts'

// Its table of pre-encoded numbers takes 16 MB and saves nothing here.
mqttPacket.writeToStream.cacheNumbers = false

/** Larger packets from the broker are refused; MQTT 5 brokers are told. */
export const MAXIMUM_INBOUND_BYTES = 32 * 1024 * 1024
/** Keeps some of the 65,535 packet ids free for SUBSCRIBE. */
const MAXIMUM_IN_FLIGHT = 65_000

function willPacket(will: Will, protocol: 4 | 5): NonNullable<IConnectPacket['will']> {
  const { topic, payload, qos, retain } = will
  if (protocol === 4) return { topic, payload, qos, retain }
  return {
    topic,
    payload,
    qos,
    retain,
    properties: {
      ...(will.delayS ? { willDelayInterval: will.delayS } : {}),
      ...(will.contentType === undefined ? {} : { contentType: will.contentType }),
      ...(will.userProperties ? { userProperties: will.userProperties } : {}),
    },
  }
}

/** The CONNECT packet of a device. `clientId` may be one that the broker has assigned earlier. Throws for what MQTT cannot say. */
export function connectPacket(settings: SessionSettings, clientId: string): Buffer {
  const { protocol, username, password, will } = settings
  const packet: IConnectPacket = {
    cmd: 'connect',
    protocolId: 'MQTT',
    protocolVersion: protocol,
    clientId,
    // A client without id has no session to resume; mqtt-packet holds MQTT 5 to the stricter rule of 3.1.1.
    clean: settings.cleanStart || (clientId === '' && protocol === 5),
    keepalive: settings.keepAliveS,
    ...(username === undefined ? {} : { username }),
    ...(password === undefined ? {} : { password: Buffer.from(password) }),
    ...(will ? { will: willPacket(will, protocol) } : {}),
  }
  if (protocol === 5)
    packet.properties = {
      maximumPacketSize: MAXIMUM_INBOUND_BYTES,
      ...(settings.sessionExpiryS > 0 ? { sessionExpiryInterval: settings.sessionExpiryS } : {}),
      ...(settings.receiveMaximum === undefined ? {} : { receiveMaximum: settings.receiveMaximum }),
      ...(settings.userProperties ? { userProperties: settings.userProperties } : {}),
    }
  return mqttPacket.generate(packet, { protocolVersion: protocol })
}

/** Why the broker refused, when it did. */
export function readRefusal(connack: IConnackPacket, protocol: 4 | 5): Closure | undefined {
  const reasonCode = (protocol === 5 ? connack.reasonCode : connack.returnCode) ?? 0
  if (reasonCode === 0) return undefined
  const text = reasonText(protocol === 5 ? 'connack' : 'connack-3', reasonCode)
  const { reasonString, serverReference } = connack.properties ?? {}
  const words = [
    text,
    ...(reasonString ? [reasonString] : []),
    ...(serverReference ? [`the broker names ${serverReference} instead`] : []),
  ]
  return { kind: 'refused', reasonCode, text: words.join(': ') }
}

type ConnackProperties = NonNullable<IConnackPacket['properties']>

/** A number at run time, whatever the types of mqtt-packet say. */
function maximumQos(properties: ConnackProperties): QoS {
  const value: unknown = properties.maximumQoS
  return value === 0 || value === 1 ? value : 2
}

/** What in an accepting CONNACK breaks the protocol (MQTT 5 sections 3.2.2.1.1, 3.2.2.3.3 and 3.2.2.3.6). */
export function connackProblem(connack: IConnackPacket, settings: SessionSettings): string | undefined {
  if (connack.sessionPresent && settings.cleanStart)
    return 'a CONNACK that resumes a session where a clean start was asked for'
  const { receiveMaximum, maximumPacketSize, serverKeepAlive } = connack.properties ?? {}
  if (receiveMaximum !== undefined && receiveMaximum < 1) return 'a CONNACK with Receive Maximum 0'
  if (maximumPacketSize !== undefined && maximumPacketSize < 1) return 'a CONNACK with Maximum Packet Size 0'
  return serverKeepAlive !== undefined && serverKeepAlive < 0 ? 'a CONNACK that ends too early' : undefined
}

/** The limits that hold once the broker has accepted. */
export function readAcceptance(
  connack: IConnackPacket,
  settings: SessionSettings,
  clientId: string,
): ConnectedInfo {
  const { sessionPresent } = connack
  const own = Math.min(settings.inFlight, MAXIMUM_IN_FLIGHT)
  const properties = settings.protocol === 5 ? (connack.properties ?? {}) : {}
  return {
    sessionPresent,
    clientId: properties.assignedClientIdentifier ?? clientId,
    keepAliveS: properties.serverKeepAlive ?? settings.keepAliveS,
    inFlight: Math.min(own, properties.receiveMaximum ?? own),
    maximumQos: maximumQos(properties),
    retainAvailable: properties.retainAvailable !== false,
    maximumPacketBytes: Math.min(
      properties.maximumPacketSize ?? Number.POSITIVE_INFINITY,
      MAX_VARIABLE_BYTE_INTEGER + 5,
    ),
    topicAliases: Math.min(settings.topicAliases, properties.topicAliasMaximum ?? 0),
  }
}
