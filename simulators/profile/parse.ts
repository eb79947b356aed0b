import type { z } from 'zod'
import { crossChecks } from './check/cross-checks.ts'
import { completeProfile } from './complete.ts'
import { type JsonDocument, readJson } from './json-document.ts'
import { type JsonSchema, profileJsonSchema } from './json-schema.ts'
import { lint } from './lint.ts'
import { migrate } from './migrate.ts'
import type { Complaint, Problem } from './problem.ts'
import type { Profile } from './profile.ts'
import { salvage } from './salvage.ts'
import { profileSchema } from './schema/profile.ts'
import { schemaComplaints } from './schema-complaints.ts'

/** Problems that are listed; a file that is something else altogether has thousands. */
const MAX_PROBLEMS = 200
/** Complaints whose place is looked up before the list is put in order and cut; each costs a walk through the file. */
const MAX_PLACED = 1_000

export interface ParseOptions {
  /** Names a profile that has no name of its own. */
  fileName?: string
}

export type ParsedProfile =
  /** `source` is the JSON of the file after migration, references to secrets unresolved. */
  { ok: true; profile: Profile; source: unknown; warnings: Problem[] } | { ok: false; problems: Problem[] }

/** Reads a profile from the text of its file, with all its problems at once. Never throws. */
export function parseProfile(text: string, { fileName }: ParseOptions = {}): ParsedProfile {
  const read = readJson(text)
  if (!read.ok) return { ok: false, problems: read.problems }
  const { document, problems } = read
  const migrated = migrate(document.value)
  const complaints: Complaint[] = migrated.ok ? [] : [migrated.complaint]
  const source = migrated.ok ? migrated.source : migrated.readAs
  if (source === undefined) return refuse(document, problems, complaints)

  const result = profileSchema.safeParse(source)
  if (!result.success)
    return refuse(document, problems, [...complaints, ...allComplaints(result.error, source, fileName)])
  const profile = completeProfile(result.data, fileName)
  complaints.push(...crossChecks(profile))
  if (complaints.length > 0 || problems.length > 0) return refuse(document, problems, complaints)
  return { ok: true, profile, source, warnings: sorted(lint(profile).map(document.place)) }
}

let published: JsonSchema | undefined

/** Made once, when the first wrong profile asks what its keys mean. */
function publishedSchema(): JsonSchema {
  published ??= profileJsonSchema()
  return published
}

function allComplaints(error: z.ZodError, source: unknown, fileName: string | undefined): Complaint[] {
  const complaints = schemaComplaints(error, source, publishedSchema())
  const salvaged = salvage(source, error)
  if (!salvaged) return complaints
  for (const complaint of crossChecks(completeProfile(salvaged.parsed, fileName))) {
    const path = salvaged.original(complaint.path)
    if (path) complaints.push({ ...complaint, path })
  }
  return complaints
}

function refuse(document: JsonDocument, problems: Problem[], complaints: Complaint[]): ParsedProfile {
  const all = distinct(sorted([...problems, ...complaints.slice(0, MAX_PLACED).map(document.place)]))
  const left = all.length - MAX_PROBLEMS + Math.max(0, complaints.length - MAX_PLACED)
  if (left <= 0) return { ok: false, problems: all }
  const more: Problem = {
    code: 'more',
    path: '',
    line: all[MAX_PROBLEMS]?.line ?? 1,
    column: all[MAX_PROBLEMS]?.column ?? 1,
    message: `and ${left} more`,
    hint: 'Mend the first ones; the others may go with them.',
  }
  return { ok: false, problems: [...all.slice(0, MAX_PROBLEMS), more] }
}

function sorted(problems: Problem[]): Problem[] {
  return problems.sort((left, right) => left.line - right.line || left.column - right.column)
}

/** A value that breaks two rules in the same way is named once. */
function distinct(problems: readonly Problem[]): Problem[] {
  const seen = new Set<string>()
  return problems.filter(({ path, message }) => {
    const key = `${path}\n${message}`
    return seen.has(key) ? false : seen.add(key)
  })
}
