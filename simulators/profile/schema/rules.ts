import type { z } from 'zod'
import { isMessageVariable, type Part, parseTemplate, type VariableName } from '../template.ts'

/** What is wrong with one value, and what to write instead. */
export interface Objection {
  message: string
  hint: string
}

export type Rule = (text: string) => Objection | undefined

/** Adds rules to a string; each that is broken becomes a problem of its own at that place. */
export function ruled(schema: z.ZodString, ...rules: Rule[]): z.ZodString {
  return schema.superRefine((text, context) => {
    for (const rule of rules) {
      const objection = rule(text)
      if (objection)
        context.addIssue({ code: 'custom', message: objection.message, params: { hint: objection.hint } })
    }
  })
}

/** The parts of a template, none when its syntax is wrong (which is reported once, by the rule for syntax). */
export function partsOf(text: string): readonly Part[] {
  const parsed = parseTemplate(text)
  return parsed.ok ? parsed.parts : []
}

/** Template syntax and the names of its variables. */
export function isTemplate(text: string): Objection | undefined {
  const parsed = parseTemplate(text)
  return parsed.ok
    ? undefined
    : { message: parsed.message, hint: 'docs/profile.md lists the variables; {{{{ writes two braces.' }
}

/** No variable that changes from message to message. */
export function isPerDevice(text: string): Objection | undefined {
  const part = partsOf(text).find((part) => part.kind === 'variable' && isMessageVariable(part.name))
  return part?.kind === 'variable'
    ? {
        message: `{{${part.name}}} changes with every message, but this value belongs to a device`,
        hint: 'Use {{device}}, {{index}}, {{fleet}}, {{run}}, {{clientId}} or {{username}} here.',
      }
    : undefined
}

/** None of these variables, because they are made from this very value. */
export function without(...names: VariableName[]): Rule {
  return (text) => {
    const part = partsOf(text).find((part) => part.kind === 'variable' && names.includes(part.name))
    return part?.kind === 'variable'
      ? {
          message: `{{${part.name}}} is not known yet where this value is made`,
          hint: 'Use {{device}}, {{index}}, {{fleet}} or {{run}} here.',
        }
      : undefined
  }
}

const REFERENCE = /\$\{(secret|env):([A-Za-z_][A-Za-z0-9_]{0,127})\}/

/** Every `${` begins a well-formed reference. */
export function hasReferences(text: string): Objection | undefined {
  return text.replaceAll(new RegExp(REFERENCE, 'g'), '').includes('${')
    ? {
        message: 'holds "${" that begins no reference',
        hint: `Write \${secret:NAME} or \${env:NAME}; a name holds letters, digits and _ only.`,
      }
    : undefined
}

/** A value that would lie open in the file is refused. */
export function isNoInlineSecret(text: string): Objection | undefined {
  const open = !REFERENCE.test(text) && !partsOf(text).some((part) => part.kind === 'variable')
  return text !== '' && isTemplate(text) === undefined && open ? inlineSecret() : undefined
}

/** Nothing but references. */
export function isReferenceOnly(text: string): Objection | undefined {
  return text.replaceAll(new RegExp(REFERENCE, 'g'), '') === '' ? undefined : inlineSecret()
}

/** A path that stays in the folder of the profile: a profile from elsewhere must not read any file it likes. */
export function isInsideFolder(path: string): Objection | undefined {
  const absolute = /^([\\/]|[A-Za-z]:)/.test(path)
  return absolute || path.split(/[\\/]/).includes('..') || path.includes('\0')
    ? {
        message: `${JSON.stringify(path)} leads out of the folder of the profile`,
        hint: 'Copy the file beside the profile and write a relative path, such as "data/trace.csv".',
      }
    : undefined
}

function inlineSecret(): Objection {
  return {
    message: 'a secret stands in the profile itself',
    hint: `Write a reference, such as "\${secret:METERS}" or "\${env:METERS}", and give its value with --secret-file or the environment.`,
  }
}
