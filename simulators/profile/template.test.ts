import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { deviceName, formatTemplate, parseTemplate, renderForDevice, runName } from './template.ts'

const facts = {
  fleet: 'meters',
  index: 7,
  device: deviceName('meters', 7),
  run: runName(255),
  clientId: 'c7',
  username: 'u7',
}

function render(text: string): string {
  const parsed = parseTemplate(text)
  if (!parsed.ok) throw new Error(parsed.message)
  return renderForDevice(parsed.parts, facts)
}

function refusal(text: string): string {
  const parsed = parseTemplate(text)
  return parsed.ok ? 'accepted' : parsed.message
}

describe('a template', () => {
  it('replaces every per-device variable, named or short', () => {
    expect(render('{{device}}|{{ index }}|{{fleet}}|{{run}}|{{clientId}}|{{username}}|%i|%c|%u')).toBe(
      'meters-7|7|meters|000000ff|c7|u7|7|c7|u7',
    )
  })

  it('writes a percent sign for %% and two braces for {{{{, and leaves other percent signs alone', () => {
    expect(render('100%% of %d, 50%, {{{{x}}')).toBe('100% of %d, 50%, {{x}}')
  })

  it('takes the first of three braces as it stands', () => {
    expect(render('{"at":{{{index}}}')).toBe('{"at":{7}')
  })

  it('reads back what it writes', () => {
    const text = fc.string({ unit: fc.constantFrom('{', '}', '%', 'i', '"', 'a', ' ') })
    const part = fc.oneof(
      text
        .filter((literal) => literal !== '')
        .map((literal) => ({ kind: 'literal' as const, text: literal })),
      fc
        .constantFrom('index' as const, 'device' as const)
        .map((name) => ({ kind: 'variable' as const, name, args: [] })),
    )
    fc.assert(
      fc.property(fc.array(part), (parts) => {
        const parsed = parseTemplate(formatTemplate(parts))
        expect(parsed.ok && renderForDevice(parsed.parts, facts)).toBe(renderForDevice(parts, facts))
      }),
    )
  })

  it('splits per-message variables into name and arguments, quotes respected', () => {
    expect(parseTemplate('a{{walk 21 0.2}}{{pick on "stand }} by"}}')).toEqual({
      ok: true,
      parts: [
        { kind: 'literal', text: 'a' },
        { kind: 'variable', name: 'walk', args: ['21', '0.2'] },
        { kind: 'variable', name: 'pick', args: ['on', 'stand }} by'] },
      ],
    })
  })

  it.each([
    ['{{devise}}', 'there is no variable {{devise}}; did you mean {{device}}?'],
    ['{{constructor}}', /^there is no variable \{\{constructor\}\}/],
    ['{{__proto__}}', /^there is no variable/],
    ['x{{device', '"{{device" is never closed with "}}"'],
    ['{{}}', '"{{}}" names no variable'],
    ['{{index 3}}', '{{index 3}} takes no arguments; write {{index}}'],
    ['{{uniform 5}}', /has 1 arguments; write \{\{uniform 18 24\}\}/],
    ['{{uniform 5 x}}', /holds "x", which is no number/],
    ['{{uniform 5 1}}', /begins above its end/],
    ['{{normal 5 -1}}', /spread below zero/],
    ['{{walk 1 1 99}}', /0 to 15 decimals/],
    ['{{pick}}', /nothing to pick from/],
    ['{{bytes 70000}}', /1 to 65536/],
    ['{{uniform 0 1e999}}', /no number/],
  ])('refuses %s with a reason', (text, reason) => {
    expect(refusal(text)).toMatch(reason)
  })

  it('never throws, whatever the text', () => {
    const pieces = fc.constantFrom('{{', '}}', '%', 'i', 'pick ', '"', 'uniform 1 2', ' ', 'x', '{')
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.array(pieces).map((all) => all.join('')),
        ),
        (text) => {
          const parsed = parseTemplate(text)
          return parsed.ok ? parsed.parts.length <= text.length : parsed.message.length > 0
        },
      ),
    )
  })

  it('renders text without percent signs and braces as it stands', () => {
    fc.assert(
      fc.property(fc.stringMatching(/^[^%{]*$/), (text) => {
        expect(render(text)).toBe(text)
      }),
    )
  })
})
