import type { Path } from '../problem.ts'
import type { Profile } from '../profile.ts'
import type { TlsSettings } from '../schema/broker.ts'
import type { Report } from './checker.ts'

/** TLS that protects nothing. */
export function lintTls({ broker, fleets, observe }: Profile, report: Report): void {
  lintVerify(broker.tls, ['broker'], report)
  for (const [index, fleet] of fleets.entries()) {
    lintVerify(fleet.broker?.tls, ['fleets', index, 'broker'], report)
  }
  if (observe.probe !== false) lintVerify(observe.probe.tls, ['observe', 'probe'], report)
}

function lintVerify(tls: TlsSettings | undefined, path: Path, report: Report): void {
  if (tls?.verify === false)
    report(
      [...path, 'tls', 'verify'],
      'the certificate of the broker is not checked: anyone may answer in its place',
      'Name the CA in "ca" and remove "verify"; use "serverName" when only the name differs.',
    )
}
