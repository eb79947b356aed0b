import { readFileSync, writeFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import type { LaneModel } from './model.ts'
import { PRESET_NAMES, presetOf } from './presets.ts'

const FILE = new URL('../../docs/links.md', import.meta.url)
const BEGIN = '<!-- presets: written by FLOTILLA_WRITE=1 npm run unit -- links-doc -->'
const END = '<!-- end of presets -->'

function lossText({ loss }: LaneModel): string {
  if (!loss) return '0'
  if ('share' in loss) return `${loss.share * 100} %`
  const { meanGoodMs, meanBadMs, badShare } = loss
  return `${badShare * 100} % for ${meanBadMs} ms, every ${(meanGoodMs + meanBadMs) / 1_000} s`
}

function table(): string {
  const rows = PRESET_NAMES.map((name) => {
    const { label, source, model } = presetOf(name)
    const { up, down, promotion, halfDuplex } = model
    const extra = [
      halfDuplex ? 'half duplex' : '',
      promotion ? `promotion ${promotion.delayMs} ms after ${promotion.idleMs / 1_000} s` : '',
    ]
    const cells = [
      `\`${name}\``,
      label.replace(/ \(.*$/, ''),
      `${up.rateBitS / 1_000} / ${down.rateBitS / 1_000}`,
      `${up.delayMs + down.delayMs}`,
      `${up.jitterMs}`,
      lossText(up),
      extra.filter((text) => text !== '').join(', '),
      source,
    ]
    return `| ${cells.join(' | ')} |`
  })
  const head = '| `use` | network | kbit/s up / down | round trip ms | jitter ms | loss | more | source |'
  return [BEGIN, '', head, '| - | - | - | - | - | - | - | - |', ...rows, '', END].join('\n')
}

it('docs/links.md lists every preset with the numbers that are used', () => {
  const text = readFileSync(FILE, 'utf8')
  const before = text.slice(0, text.indexOf(BEGIN))
  const after = text.slice(text.indexOf(END) + END.length)
  const wanted = `${before}${table()}${after}`
  if (process.env.FLOTILLA_WRITE === '1') writeFileSync(FILE, wanted)

  expect(readFileSync(FILE, 'utf8')).toBe(wanted)
})
