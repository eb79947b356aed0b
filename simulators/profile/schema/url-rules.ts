import type { Objection } from './rules.ts'

/** What every broker URL looks like from afar; editors check it through the published JSON Schema. */
export const BROKER_URL = /^(mqtt|mqtts|ws|wss):\/\/[^\s/]+\S*$/

const EXAMPLE =
  'Write it as "mqtt://host:1883", "mqtts://host:8883", "ws://host:80/mqtt" or "wss://host/mqtt".'

/** The objection to a text that is no broker URL; what may be a password in it is not repeated. */
export function noBrokerUrl(text: string): Objection {
  const shown = text.slice(0, 80).replace(/\/\/[^@/]*@/, '//...@')
  return { message: `${JSON.stringify(shown)} is not a broker URL such as "mqtt://host:1883"`, hint: EXAMPLE }
}

/** A broker URL without user name and password; references stand for any text. */
export function isBrokerUrl(text: string): Objection | undefined {
  if (!BROKER_URL.test(text)) return undefined
  const url = parseUrl(text.replaceAll(/\$\{[^}]*\}/g, '1'))
  if (!url || url.hostname === '') return noBrokerUrl(text)
  if (url.username !== '' || url.password !== '')
    return {
      message: 'a user name or password stands in the broker URL',
      hint: `Move them to "auth": { "username": "...", "password": "\${secret:NAME}" }.`,
    }
  if (url.port === '0') return { message: 'port 0 is no port of a broker', hint: EXAMPLE }
  if (url.hash !== '') return { message: 'a broker URL has no "#" part', hint: EXAMPLE }
  const plain = url.protocol.startsWith('mqtt')
  if (plain && (url.search !== '' || !['', '/'].includes(url.pathname)))
    return { message: `"${url.pathname}${url.search}": only ws and wss URLs have a path`, hint: EXAMPLE }
  return undefined
}

/** The parts of a URL, or undefined. */
export function parseUrl(text: string): URL | undefined {
  try {
    return new URL(text)
  } catch {
    return undefined
  }
}
