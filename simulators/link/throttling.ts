import { FREE_LANE, FREE_LINK, type LinkModel } from './model.ts'

interface Row {
  label: string
  upKbitS: number
  downKbitS: number
  rttMs: number
  lossShare?: number
}

/**
 * What browsers and page testers call their throttling. Times are round trips; those of Chrome are what it aims at, not
 * the longer ones that it adds to whole requests to get there.
 */
const ROWS = {
  'chrome-3g': { label: 'Chrome: 3G', upKbitS: 500, downKbitS: 500, rttMs: 400 },
  'chrome-slow-4g': { label: 'Chrome: slow 4G', upKbitS: 750, downKbitS: 1_600, rttMs: 150 },
  'chrome-fast-4g': { label: 'Chrome: fast 4G', upKbitS: 1_500, downKbitS: 9_000, rttMs: 60 },
  'firefox-gprs': { label: 'Firefox: GPRS', upKbitS: 20, downKbitS: 50, rttMs: 500 },
  'firefox-wifi': { label: 'Firefox: Wi-Fi', upKbitS: 15_000, downKbitS: 30_000, rttMs: 2 },
  'wpt-edge': { label: 'WebPageTest: Edge', upKbitS: 200, downKbitS: 240, rttMs: 840 },
  'wpt-3g-slow': { label: 'WebPageTest: 3G Slow', upKbitS: 400, downKbitS: 400, rttMs: 400 },
  'wpt-3g': { label: 'WebPageTest: 3G', upKbitS: 768, downKbitS: 1_600, rttMs: 300 },
  'wpt-lte': { label: 'WebPageTest: LTE', upKbitS: 12_000, downKbitS: 12_000, rttMs: 70 },
  'wpt-dsl': { label: 'WebPageTest: DSL', upKbitS: 384, downKbitS: 1_500, rttMs: 50 },
  'wpt-cable': { label: 'WebPageTest: Cable', upKbitS: 1_000, downKbitS: 5_000, rttMs: 28 },
  'wpt-fios': { label: 'WebPageTest: FIOS', upKbitS: 5_000, downKbitS: 20_000, rttMs: 4 },
  'apple-very-bad': {
    label: 'Apple: very bad network',
    upKbitS: 1_000,
    downKbitS: 1_000,
    rttMs: 1_000,
    lossShare: 0.1,
  },
} as const satisfies Record<string, Row>

export type ThrottlingName = keyof typeof ROWS

// Object.keys forgets the type of keys; these are exactly those of the table above.
export const THROTTLING_NAMES = Object.keys(ROWS) as [ThrottlingName, ...ThrottlingName[]]

/** A link that does what a browser's throttling of this name means. */
export function throttlingOf(name: ThrottlingName): { label: string; model: LinkModel } {
  const { label, upKbitS, downKbitS, rttMs, lossShare }: Row = ROWS[name]
  const lane = (kbitS: number) => ({
    ...FREE_LANE,
    rateBitS: kbitS * 1_000,
    delayMs: rttMs / 2,
    loss: lossShare === undefined ? undefined : { share: lossShare },
  })
  return { label, model: { ...FREE_LINK, up: lane(upKbitS), down: lane(downKbitS) } }
}
