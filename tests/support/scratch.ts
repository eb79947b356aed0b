import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterAll } from 'vitest'

/** A folder that ends with the tests of a file. */
export class Scratch {
  readonly path = mkdtempSync(join(tmpdir(), 'flotilla-e2e-'))

  /** Writes a file, anything but text and bytes as JSON, and returns its name. */
  write(name: string, content: unknown): string {
    mkdirSync(dirname(join(this.path, name)), { recursive: true })
    const isPlain = typeof content === 'string' || content instanceof Uint8Array
    writeFileSync(join(this.path, name), isPlain ? content : JSON.stringify(content, null, 2))
    return name
  }

  join(...names: string[]): string {
    return join(this.path, ...names)
  }
}

/** Call it where `describe` is called. */
export function useScratch(): Scratch {
  const scratch = new Scratch()
  afterAll(() => rmSync(scratch.path, { recursive: true, force: true }))
  return scratch
}
