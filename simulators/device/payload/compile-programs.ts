import type { Profile } from '../../profile/profile.ts'
import { compilePublish, type PublishProgram } from './program.ts'
import { ReplayFolder } from './replay.ts'

/** Compiles the publish entries of all fleets; `protocols` has the MQTT version of each fleet. */
export function compilePrograms(
  profile: Profile,
  protocols: readonly (4 | 5)[],
  baseDir: string,
): PublishProgram[][] {
  const files = new ReplayFolder(baseDir)
  return profile.fleets.map((fleet, index) => {
    const context = { protocol: protocols[index] ?? 4, files }
    return fleet.publish.map((settings) => compilePublish(settings, context))
  })
}
