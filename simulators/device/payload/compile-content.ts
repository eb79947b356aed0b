import type { PayloadSettings } from '../../profile/schema/publish.ts'
import { isMessageVariable } from '../../profile/template.ts'
import { binaryContent } from './binary-content.ts'
import { type ContentPattern, frameContent } from './content.ts'
import { csvPieces } from './csv-pieces.ts'
import { FramePattern } from './frame.ts'
import { jsonPieces } from './json-pieces.ts'
import { partsOf, plainPieces } from './pieces.ts'
import type { ReplayFiles } from './replay.ts'
import { replayContent } from './replay-content.ts'

/** What a device sends when its profile does not say. */
const DEFAULT_PAYLOAD: PayloadSettings = {
  json: { at: '{{iso}}', device: '{{device}}', value: '{{walk 20 0.5}}' },
}

/** Compiles a payload once for all devices; `marked` leaves room for the marker. */
export function compileContent(
  settings: PayloadSettings = DEFAULT_PAYLOAD,
  files: ReplayFiles,
  marked: boolean,
): ContentPattern {
  if ('json' in settings) {
    const { list, room } = jsonPieces(settings.json, marked)
    list.text(room.before)
    const pattern = new FramePattern(list)
    return frameContent(() => pattern, room.after)
  }
  if ('csv' in settings) return csvContent(settings.csv, marked)
  if ('text' in settings) {
    const list = plainPieces(settings.text)
    if (marked && settings.text !== '') list.text(' ')
    const pattern = new FramePattern(list)
    return frameContent(() => pattern, '')
  }
  if ('binary' in settings) return binaryContent(settings, marked)
  return replayContent(settings.replay, files.rows(settings.replay), marked)
}

function csvContent(cells: readonly string[], marked: boolean): ContentPattern {
  const patternFor: Parameters<typeof frameContent>[0] = (facts) => {
    const list = csvPieces(cells, facts)
    if (marked) list.text(',')
    return new FramePattern(list)
  }
  const parts = cells.flatMap((cell) => partsOf(cell))
  const dependsOnDevice = parts.some((part) => part.kind === 'variable' && !isMessageVariable(part.name))
  if (dependsOnDevice) return frameContent(patternFor, '')
  const shared = patternFor({ fleet: '', index: 0, device: '', run: '' })
  return frameContent(() => shared, '')
}
