import { execFileSync } from 'node:child_process'
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'

const KEY = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes']

export interface SignRequest {
  /** Name of the CA that signs. */
  ca: string
  commonName?: string
  /** subjectAltName, as "DNS:localhost,IP:127.0.0.1". */
  names?: string
  /** Below zero: expired. */
  days?: number
}

/** Makes NAME.pem and NAME.key in one folder with the openssl command. */
export class OpenSsl {
  readonly #folder: string

  constructor(folder: string) {
    mkdirSync(folder, { recursive: true })
    this.#folder = folder
  }

  path(file: string): string {
    return join(this.#folder, file)
  }

  authority(name: string): void {
    this.#run('req', '-x509', ...KEY, ...this.#files(name), '-subj', `/CN=${name}`, '-days', '30')
  }

  /** A certificate with a key of its own. */
  sign(name: string, { ca, commonName = name, names, days = 30 }: SignRequest): void {
    const [csr, certificate] = [this.path(`${name}.csr`), this.path(`${name}.pem`)]
    const alternatives = names === undefined ? [] : ['-addext', `subjectAltName=${names}`]
    const subject = ['-subj', `/CN=${commonName}`, ...alternatives]
    this.#run('req', ...KEY, '-keyout', this.path(`${name}.key`), '-out', csr, ...subject)
    const authority = ['-CA', this.path(`${ca}.pem`), '-CAkey', this.path(`${ca}.key`), '-CAcreateserial']
    const validity = ['-days', String(days), '-copy_extensions', 'copy']
    this.#run('x509', '-req', '-in', csr, ...authority, ...validity, '-out', certificate)
  }

  /** Writes the key of `name` with a pass phrase to the file `to`. */
  encryptKey(name: string, to: string, passphrase: string): void {
    const how = ['-aes256', '-passout', `pass:${passphrase}`]
    this.#run('pkey', '-in', this.path(`${name}.key`), ...how, '-out', this.path(to))
  }

  #files(name: string): string[] {
    return ['-keyout', this.path(`${name}.key`), '-out', this.path(`${name}.pem`)]
  }

  #run(...args: string[]): void {
    execFileSync('openssl', args, { stdio: 'pipe' })
  }
}
