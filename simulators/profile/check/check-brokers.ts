import { brokerOf } from '../endpoint.ts'
import type { Path } from '../problem.ts'
import type { Profile } from '../profile.ts'
import type { EndpointSettings, TlsSettings } from '../schema/broker.ts'
import type { Report } from './checker.ts'

/** TLS settings that fit their broker and each other. */
export function checkBrokers(profile: Profile, report: Report): void {
  checkEndpoint(profile.broker, profile.broker.url, ['broker'], report)
  for (const [index, fleet] of profile.fleets.entries()) {
    if (fleet.broker)
      checkEndpoint(fleet.broker, brokerOf(profile, fleet).url, ['fleets', index, 'broker'], report)
  }
  const { probe } = profile.observe
  if (probe !== false && probe.tls)
    checkEndpoint({ tls: probe.tls }, profile.broker.url, ['observe', 'probe'], report)
}

/** `url` is where the settings at `path` lead to, which may stand elsewhere. */
function checkEndpoint(
  { tls }: Pick<EndpointSettings, 'tls'>,
  url: string | undefined,
  path: Path,
  report: Report,
): void {
  if (!tls) return
  const here = [...path, 'tls']
  if (url === undefined)
    report(
      here,
      'the embedded broker speaks no TLS',
      'Remove "tls", or name a broker of your own with "url": "mqtts://host:8883".',
    )
  else if (/^(mqtt|ws):/.test(url))
    report(
      here,
      `${url.slice(0, url.indexOf(':'))}:// has no TLS, so these settings would have no effect`,
      `Write ${url.startsWith('ws') ? 'wss' : 'mqtts'}:// in the URL, or remove "tls".`,
    )
  checkCertificate(tls, here, report)
}

function checkCertificate(tls: TlsSettings, path: Path, report: Report): void {
  if (tls.issue && (tls.cert !== undefined || tls.key !== undefined))
    report(
      [...path, 'issue'],
      'certificates are issued, or read from files, but not both',
      'Remove "issue", or "cert" and "key".',
    )
  else if (tls.cert !== undefined && tls.key === undefined)
    report([...path, 'cert'], 'a client certificate needs its private key', 'Add "key" beside "cert".')
  else if (tls.key !== undefined && tls.cert === undefined)
    report([...path, 'key'], 'a private key needs its certificate', 'Add "cert" beside "key".')
  else if (tls.passphrase !== undefined && tls.key === undefined)
    report([...path, 'passphrase'], 'there is no private key that this could open', 'Add "cert" and "key".')
}
