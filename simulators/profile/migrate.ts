import { type Complaint, isRecord } from './problem.ts'
import { PROFILE_VERSION } from './schema/profile.ts'

type Source = Record<string, unknown>

/** Turns a profile of one version into the next. Never changes what it is given. */
export type Step = (source: Source) => Source

/** One function per version that is no longer current, by that version. */
const STEPS: ReadonlyMap<number, Step> = new Map()

/** `readAs` is what a profile without a usable version is read as, so that its other problems show at once. */
export type Migrated =
  | { ok: true; source: Source; from: number }
  | { ok: false; complaint: Complaint; readAs?: Source }

/** Brings a profile of any known version up to the current one; the version is read before anything else. */
export function migrate(value: unknown, steps = STEPS, current: number = PROFILE_VERSION): Migrated {
  if (!isRecord(value))
    return refused('not-a-profile', [], `a profile is a JSON object, not ${kindOf(value)}`, smallest(current))
  const version = value.version
  if (version === undefined)
    return {
      ...refused(
        'version',
        [],
        'the profile has no "version"',
        `Add "version": ${current} as its first key.`,
      ),
      readAs: { ...value, version: current },
    }
  if (typeof version !== 'number' || !Number.isInteger(version) || version < 0)
    return {
      ...refused(
        'version',
        ['version'],
        `${JSON.stringify(version)} is no version of a profile`,
        `Write "version": ${current}, a whole number without quotes.`,
      ),
      readAs: { ...value, version: current },
    }
  if (version > current)
    return refused(
      'version',
      ['version'],
      `made by a newer Flotilla, version ${version}; this one reads up to ${current}`,
      'Update Flotilla, or save the profile with the older one.',
    )

  let source: Source = value
  for (let at = version; at < current; at++) {
    const step = steps.get(at)
    if (!step)
      return refused(
        'version',
        ['version'],
        `profiles of version ${version} are not known to this Flotilla`,
        `Write "version": ${current}.`,
      )
    source = { ...step(source), version: at + 1 }
  }
  return { ok: true, source, from: version }
}

function refused(
  code: Complaint['code'],
  path: Complaint['path'],
  message: string,
  hint: string,
): { ok: false; complaint: Complaint } {
  return { ok: false, complaint: { code, path, message, hint } }
}

function smallest(version: number): string {
  return `The smallest one is { "version": ${version}, "fleets": [{ "count": 10, "publish": [{ "topic": "t/{{device}}", "every": "1s" }] }] }.`
}

function kindOf(value: unknown): string {
  if (value === null) return 'null'
  return Array.isArray(value) ? 'an array' : `a ${typeof value}`
}
