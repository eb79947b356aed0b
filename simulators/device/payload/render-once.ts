import { AppError } from '../../errors.ts'
import { createRandom, PURPOSE } from '../../plan/random.ts'
import type { PayloadSettings } from '../../profile/schema/publish.ts'
import type { DeviceFacts } from '../../profile/template.ts'
import { compileContent } from './compile-content.ts'
import type { ReplayFiles } from './replay.ts'
import type { WallClock } from './wall-time.ts'

export interface RenderOnceContext {
  seed?: number
  device?: number
  wallClock?: WallClock
  files?: ReplayFiles
}

const NO_FILES: ReplayFiles = {
  rows: ({ file }) => {
    throw new AppError({
      code: 'PROFILE_INVALID',
      message: `${file} cannot be replayed here: this payload is sent once.`,
      hint: 'Use json, csv, text or binary.',
    })
  },
}

/** Renders a payload that is sent once and carries no marker, such as that of a will. */
export function renderOnce(
  settings: PayloadSettings,
  facts: DeviceFacts,
  { seed = 0, device = facts.index, wallClock = { zeroMs: 0 }, files = NO_FILES }: RenderOnceContext = {},
): Buffer {
  const pattern = compileContent(settings, files, false)
  const content = pattern.bind({ facts, random: createRandom(seed, device, PURPOSE.payload), wallClock })
  const bytes = Buffer.alloc(content.maxBytes)
  return bytes.subarray(0, content.write(bytes, 0, { seq: 0, intendedUs: 0, sentLagUs: 0 }, 0))
}
