/** The part of a client that its session depends on. */
export interface SessionOwner {
  id: string
  clean?: boolean
}

interface InboundPacket {
  messageId: number
}

/** A PUBLISH or PUBREL on its way to a subscriber. Aedes names messages by the broker and its count of them. */
interface OutboundPacket {
  cmd: string
  messageId?: number
  brokerId?: string
  brokerCounter?: number
}

interface StoredSubscription {
  topic: string
  qos: number
}

/** What aedes keeps of sessions, as far as it has to be mended. */
export interface AedesPersistence {
  subscriptionsByClient(client: SessionOwner): Promise<StoredSubscription[]>
  cleanSubscriptions(client: SessionOwner): Promise<void>
  incomingStorePacket(client: SessionOwner, packet: InboundPacket): Promise<void>
  incomingGetPacket(client: SessionOwner, packet: InboundPacket): Promise<InboundPacket>
  incomingDelPacket(client: SessionOwner, packet: InboundPacket): Promise<void>
  storeRetained(packet: unknown): Promise<void>
  outgoingUpdate(client: SessionOwner, packet: OutboundPacket): Promise<void>
}

/** Nobody publishes here; a session that has no other subscription holds this one. */
const HELD_OPEN: StoredSubscription = { topic: '$flotilla/session', qos: 0 }

/**
 * Mends how aedes 2.0.0-beta.1 keeps sessions. It never forgets the packet ids of unfinished QoS 2 messages, so that a
 * new session which uses one of them again has its message acknowledged and dropped; and it calls a session present
 * only when it has subscriptions, so that publishers never resume. Returns what to call when a client has gone.
 */
export function mendSessions(persistence: AedesPersistence): (client: SessionOwner) => void {
  const inbound = new Map<string, Map<number, InboundPacket>>()
  const sessions = new Set<string>()
  const { subscriptionsByClient, cleanSubscriptions } = persistence

  persistence.incomingStorePacket = async (client, packet) => {
    const packets = inbound.get(client.id) ?? new Map<number, InboundPacket>()
    inbound.set(client.id, packets.set(packet.messageId, packet))
  }
  persistence.incomingGetPacket = async (client, packet) => {
    const stored = inbound.get(client.id)?.get(packet.messageId)
    if (!stored) throw new Error('no such packet')
    return stored
  }
  persistence.incomingDelPacket = async (client, packet) => {
    // A client may have gone meanwhile. Aedes does not catch what is thrown here: it would end the process.
    inbound.get(client.id)?.delete(packet.messageId)
  }
  persistence.cleanSubscriptions = (client) => {
    // Called at a clean start and when a session expires: all of the session ends here.
    forget(client)
    return cleanSubscriptions.call(persistence, client)
  }
  persistence.subscriptionsByClient = async (client) => {
    const stored = await subscriptionsByClient.call(persistence, client)
    if (stored.length > 0) return stored
    if (sessions.has(client.id)) return [HELD_OPEN]
    forget(client)
    return stored
  }

  function forget(client: SessionOwner) {
    inbound.delete(client.id)
    sessions.delete(client.id)
  }

  return (client) => {
    if (client.clean) forget(client)
    else sessions.add(client.id)
  }
}

/**
 * Mends how aedes 2.0.0-beta.1 loses messages beside retained ones. It numbers messages, waits for a promise while a
 * retained one is stored, and takes whatever a later number has overtaken meanwhile for a repetition. In memory nothing
 * needs waiting for, so the promise here calls back at once.
 */
export function mendRetained(persistence: AedesPersistence): void {
  const { storeRetained } = persistence
  const stored = Promise.resolve()
  Reflect.set(stored, 'then', (done: () => void) => done())
  persistence.storeRetained = (packet) => {
    // An async function without an await has done its work when it returns.
    void storeRetained.call(persistence, packet)
    return stored
  }
}

/**
 * Mends how aedes 2.0.0-beta.1 releases QoS 2 messages to a subscriber that keeps its session. Its PUBRELs have no name,
 * so a second one takes the place of the first: one message is released twice and the other never.
 */
export function mendReleases(persistence: AedesPersistence): void {
  const { outgoingUpdate } = persistence
  persistence.outgoingUpdate = (client, packet) => {
    if (packet.cmd === 'pubrel' && packet.messageId !== undefined) {
      packet.brokerId = 'pubrel'
      packet.brokerCounter = packet.messageId
    }
    return outgoingUpdate.call(persistence, client, packet)
  }
}
