import { describe, expect, it } from 'vitest'
import { endpointOf, isLoopback } from './endpoint.ts'
import { tlsSchema } from './schema/broker.ts'

const at = (url: string) => endpointOf({ broker: { url } }, null, null)

describe('an endpoint', () => {
  it.each([
    ['mqtt://host', 'host', 1883, ''],
    ['mqtt://host:2000/', 'host', 2000, ''],
    ['mqtts://host', 'host', 8883, ''],
    ['ws://host', 'host', 80, '/mqtt'],
    ['ws://host:8080/', 'host', 8080, '/'],
    ['ws://host:8080?a=b', 'host', 8080, '/mqtt?a=b'],
    ['wss://host/x/y?z', 'host', 443, '/x/y?z'],
    ['mqtt://[::1]:1884', '::1', 1884, ''],
    ['mqtt://192.0.2.7', '192.0.2.7', 1883, ''],
  ])('of %s has every part filled in', (url, host, port, path) => {
    expect(at(url)).toMatchObject({ url, host, port, path, protocol: 5, embedded: false })
  })

  it('has TLS settings exactly where its scheme has TLS', () => {
    const tls = tlsSchema.parse({ ca: 'ca.pem' })
    const broker = { url: 'mqtts://host', tls }

    expect(endpointOf({ broker }, null, null).tls).toEqual(tls)
    expect(endpointOf({ broker }, { broker: { url: 'mqtt://plain' } }, null).tls).toBeNull()
    expect(at('wss://host').tls).toEqual({ verify: true })
  })

  it('is that of the fleet where it differs from the profile', () => {
    const fleet = { broker: { protocol: 4 as const } }

    expect(endpointOf({ broker: { url: 'ws://host/x' } }, fleet, null)).toMatchObject({
      url: 'ws://host/x',
      protocol: 4,
    })
  })

  it('is the embedded broker without a URL', () => {
    expect(endpointOf({ broker: { protocol: 4 } }, null, 4711)).toEqual({
      url: 'mqtt://127.0.0.1:4711',
      scheme: 'mqtt',
      host: '127.0.0.1',
      port: 4711,
      path: '',
      protocol: 4,
      tls: null,
      embedded: true,
    })
    expect(() => endpointOf({ broker: {} }, null, null)).toThrow('the embedded broker is wanted')
  })

  it('is refused when a reference brought a password or no URL at all', () => {
    expect(() => at('mqtt://me:pw@host')).toThrow('a user name or password stands in the broker URL')
    expect(() => at('nonsense')).toThrow('is not a broker URL')
    expect(() => at('mqtt://host:99999')).toThrow('is not a broker URL')
  })

  it('is on this machine or is not', () => {
    const local = ['localhost', '127.0.0.1', '127.8.0.1', '[::1]', 'qa.localhost', 'LOCALHOST']
    const remote = ['host', '128.0.0.1', '127.example', 'localhost.example', '[::2]', '10.0.0.1']

    expect(local.filter((host) => isLoopback(at(`mqtt://${host}`)))).toEqual(local)
    expect(remote.filter((host) => isLoopback(at(`mqtt://${host}`)))).toEqual([])
  })
})
