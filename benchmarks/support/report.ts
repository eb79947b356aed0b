import { mkdirSync, writeFileSync } from 'node:fs'
import { cpus, release, totalmem } from 'node:os'
import { join } from 'node:path'

const RESULTS = 'out/results'

interface Limit {
  what: string
  value: number
  limit: string
  met: boolean
}

const format = (value: number): string => {
  if (Number.isNaN(value)) return '-'
  if (Math.abs(value) >= 1000) return Math.round(value).toLocaleString('en')
  return value.toFixed(Math.abs(value) >= 100 ? 0 : Math.abs(value) >= 10 ? 1 : 3)
}

/** Collects what one benchmark measures, prints it as it comes and keeps it as JSON. */
export class BenchReport {
  readonly #name: string
  readonly #tables: { title: string; rows: Record<string, number | string>[] }[] = []
  readonly #limits: Limit[] = []
  readonly #notes: { what: string; value: number }[] = []

  constructor(name: string) {
    this.#name = name
    console.log(
      `# ${name}: Node ${process.versions.node}, ${cpus().length} cores, ${cpus()[0]?.model ?? ''}\n`,
    )
  }

  /** Prints rows under one head line; numbers are rounded for reading, the JSON keeps them whole. */
  table(title: string, rows: Record<string, number | string>[]): void {
    this.#tables.push({ title, rows })
    const heads = [...new Set(rows.flatMap((row) => Object.keys(row)))]
    const cells = rows.map((row) =>
      heads.map((head) => {
        const value = row[head] ?? ''
        return typeof value === 'number' ? format(value) : value
      }),
    )
    const widths = heads.map((head, column) =>
      Math.max(head.length, ...cells.map((row) => (row[column] ?? '').length)),
    )
    const line = (row: string[]) => `| ${row.map((cell, at) => cell.padEnd(widths[at] ?? 0)).join(' | ')} |`
    const rule = `|${widths.map((width) => '-'.repeat(width + 2)).join('|')}|`
    console.log([`## ${title}\n`, line(heads), rule, ...cells.map(line), ''].join('\n'))
  }

  atMost(what: string, value: number, limit: number): void {
    this.#judge({ what, value, limit: `<= ${format(limit)}`, met: value <= limit })
  }

  atLeast(what: string, value: number, limit: number): void {
    this.#judge({ what, value, limit: `>= ${format(limit)}`, met: value >= limit })
  }

  equals(what: string, value: number, wanted: number): void {
    this.#judge({ what, value, limit: `== ${format(wanted)}`, met: value === wanted })
  }

  /** A figure worth knowing that no limit judges. */
  note(what: string, value: number): void {
    this.#notes.push({ what, value })
    console.log(`        ${what}: ${format(value)}`)
  }

  #judge(limit: Limit): void {
    this.#limits.push(limit)
    console.log(`${limit.met ? 'met   ' : 'MISSED'}  ${limit.what}: ${format(limit.value)} (${limit.limit})`)
  }

  /** Writes the JSON and says how many limits were met; with --strict a missed one fails the program. */
  close(strict: boolean): void {
    mkdirSync(RESULTS, { recursive: true })
    const file = join(RESULTS, `${this.#name}.json`)
    const machine = {
      node: process.versions.node,
      kernel: release(),
      cores: cpus().length,
      cpu: cpus()[0]?.model ?? '',
      memoryBytes: totalmem(),
    }
    const result = {
      name: this.#name,
      machine,
      tables: this.#tables,
      limits: this.#limits,
      notes: this.#notes,
    }
    writeFileSync(file, `${JSON.stringify(result, null, 2)}\n`)
    const met = this.#limits.filter((limit) => limit.met).length
    console.log(`\n${met} of ${this.#limits.length} limits met; figures in ${file}`)
    if (strict && met < this.#limits.length) process.exitCode = 1
  }
}
