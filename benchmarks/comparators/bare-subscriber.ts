/**
 * What a probe is compared with: an MQTT.js subscriber that counts messages and reads a number from each payload,
 * which keeps no ledger and proves nothing. Speaks the line protocol of commands.ts.
 */
import { connect } from 'mqtt'
import { obey, readWorkload, tell } from './commands.ts'

const { port } = readWorkload()
const client = connect({ host: '127.0.0.1', port, clientId: 'bare-subscriber' })
const perTopic = new Map<string, number>()
let messages = 0
let sum = 0

client.on('message', (topic, payload) => {
  messages += 1
  perTopic.set(topic, (perTopic.get(topic) ?? 0) + 1)
  sum += payload[payload.length - 10] ?? 0
})

obey({
  connect: () => {
    client.subscribeAsync('bench/#').then(() => tell('connected', { ms: performance.now() }))
  },
  go: () => undefined,
  counts: () => tell('counts', { messages, acked: messages, sum }),
  finish: () => {
    tell('finished', { messages, acked: messages, ackMs: null, latenessMs: null })
    client.end(false, () => process.exit(0))
  },
})
tell('ready')
