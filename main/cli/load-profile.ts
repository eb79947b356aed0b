import {
  applyOverrides,
  type ParsedProfile,
  type Problem,
  type Profile,
  parseProfile,
  resolveSecrets,
  withDuration,
} from '../../simulators/index.ts'
import { readProfileFile, readSecretFile } from '../host/files.ts'
import type { CliHost } from './host.ts'

interface Loaded {
  /** What problems are shown under: the file as it was named. */
  label: string
  warnings: Problem[]
}

export interface LoadedProfile extends Loaded {
  ok: true
  profile: Profile
  /** The JSON of the profile as it is to run, references to secrets unresolved. */
  source: unknown
  baseDir: string
}

export interface RefusedProfile extends Loaded {
  ok: false
  problems: Problem[]
}

export interface Overrides {
  /** path=value each. */
  set?: string[]
  seed?: number
  durationMs?: number
}

/** What no setting can mend: there is no JSON to set anything in, or it is not what it seems. */
const UNREADABLE = new Set(['too-large', 'empty', 'not-json', 'too-deep', 'duplicate-key', 'forbidden-key'])

function parseWith(text: string, fileName: string, set: string[]): ParsedProfile {
  const parsed = parseProfile(text, { fileName })
  if (set.length === 0) return parsed
  if (!parsed.ok && parsed.problems.some(({ code }) => UNREADABLE.has(code))) return parsed
  const changed = applyOverrides(JSON.parse(text.replace(/^\uFEFF/, '')), set)
  return parseProfile(JSON.stringify(changed, null, 2), { fileName })
}

/** The stages as a file would say them, so that the report shows the profile that ran. */
function stagesSource(profile: Profile, source: object): unknown[] {
  const written = 'stages' in source && Array.isArray(source.stages) ? source.stages : [{}]
  return profile.stages.map((stage, index) => ({ ...written[index], for: `${stage.for}ms` }))
}

/** Reads a profile and applies what the command line changes in it. */
export async function loadProfile(
  host: CliHost,
  file: string,
  { set = [], seed, durationMs }: Overrides,
): Promise<LoadedProfile | RefusedProfile> {
  const { text, baseDir, fileName } = await readProfileFile(file, host.cwd)
  const parsed = parseWith(text, fileName, set)
  // Settings move lines, so places are those of the profile as it would stand with them.
  const label = set.length > 0 ? `${file} (with --set)` : file
  if (!parsed.ok) return { ok: false, label, problems: parsed.problems, warnings: [] }

  let { profile } = parsed
  // A valid profile is an object.
  let source: object = { ...(parsed.source as object) }
  if (seed !== undefined) {
    profile = { ...profile, seed }
    source = { ...source, seed }
  }
  if (durationMs !== undefined) {
    profile = withDuration(profile, durationMs)
    source = { ...source, stages: stagesSource(profile, source) }
  }
  return { ok: true, label, warnings: parsed.warnings, profile, source, baseDir }
}

/** The profile with its secrets, from the secret file first and then from the environment. */
export async function resolveProfileSecrets(
  host: CliHost,
  profile: Profile,
  secretFile: string | undefined,
): Promise<Profile> {
  const secrets =
    secretFile === undefined ? new Map<string, string>() : await readSecretFile(secretFile, host.cwd)
  const fromEnv = (name: string) => (Object.hasOwn(host.env, name) ? host.env[name] : undefined)
  return resolveSecrets(profile, (kind, name) =>
    kind === 'secret' ? (secrets.get(name) ?? fromEnv(name)) : fromEnv(name),
  )
}
