// Long because it is one table: every typical access network with the source of its numbers.
import { FREE_LANE, FREE_LINK, type LaneModel, type LinkModel, type Loss } from './model.ts'

/** A typical access network. Its numbers are defaults to start from, not what an operator guarantees. */
export interface Preset {
  /** With its numbers, as a person reads them. */
  label: string
  /** Where the numbers come from; "estimate" marks what no source gives. */
  source: string
  model: LinkModel
}

interface Row {
  name: string
  upKbitS: number
  downKbitS: number
  /** Both ways together, as people quote it; each direction gets half. */
  rttMs: number
  /** One way, standard deviation. */
  jitterMs: number
  loss?: Loss
  halfDuplex?: boolean
  promotion?: LinkModel['promotion']
  source: string
}

const percent = (value: number): Loss => ({ share: value / 100 })

const ROWS = {
  'nb-iot': {
    name: 'NB-IoT',
    upKbitS: 62,
    downKbitS: 26,
    rttMs: 1_600,
    jitterMs: 400,
    halfDuplex: true,
    source:
      'Rates of Cat-NB1 and 1.6 to 10 s: blog.mbedded.ninja, cellular protocols; 837 ms measured: Electronics 10/2224. Jitter: estimate.',
  },
  'nb-iot-deep': {
    name: 'NB-IoT deep indoors',
    upKbitS: 2,
    downKbitS: 2,
    rttMs: 8_000,
    jitterMs: 2_000,
    loss: percent(1),
    halfDuplex: true,
    source:
      'Upper end of 1.6 to 10 s: blog.mbedded.ninja, cellular protocols. Rates, jitter and loss: estimate.',
  },
  'lte-m': {
    name: 'LTE-M',
    upKbitS: 375,
    downKbitS: 300,
    rttMs: 100,
    jitterMs: 20,
    halfDuplex: true,
    source:
      'Rates of half-duplex Cat-M1: rfwireless-world.com, Cat-M1; 50 to 100 ms: Arduino documentation. Jitter: estimate.',
  },
  'lte-m-edge': {
    name: 'LTE-M at the edge of a cell',
    upKbitS: 100,
    downKbitS: 100,
    rttMs: 300,
    jitterMs: 80,
    loss: percent(0.5),
    halfDuplex: true,
    source: 'About 100 kbit/s in the field: meratch.com, LTE Cat-M. The rest: estimate.',
  },
  gprs: {
    name: '2G GPRS',
    upKbitS: 20,
    downKbitS: 50,
    rttMs: 500,
    jitterMs: 100,
    loss: percent(1),
    source: 'Throttling of Firefox (20/50 kbit/s, 500 ms); BrowserStack (1 % loss). Jitter: estimate.',
  },
  'gprs-rural': {
    name: '2G in the country',
    upKbitS: 18,
    downKbitS: 20,
    rttMs: 1_300,
    jitterMs: 150,
    loss: percent(2),
    source: 'Facebook Augmented Traffic Control, 2G-DevelopingRural. Jitter: estimate.',
  },
  edge: {
    name: '2G EDGE',
    upKbitS: 200,
    downKbitS: 240,
    rttMs: 840,
    jitterMs: 100,
    source: 'WebPageTest, Edge; Facebook Augmented Traffic Control, Edge-Average. Jitter: estimate.',
  },
  '3g': {
    name: '3G',
    upKbitS: 768,
    downKbitS: 1_600,
    rttMs: 300,
    jitterMs: 50,
    promotion: { idleMs: 10_000, delayMs: 2_000 },
    source:
      'WebPageTest, 3G; jitter: Loadero. Promotion takes seconds on 3G: High Performance Browser Networking, chapter 7; idle time: estimate.',
  },
  'lte-cat-1': {
    name: 'LTE Cat-1',
    upKbitS: 2_000,
    downKbitS: 5_000,
    rttMs: 70,
    jitterMs: 15,
    loss: percent(0.1),
    promotion: { idleMs: 10_000, delayMs: 100 },
    source:
      'Peak 5/10 Mbit/s: Nordic Semiconductor, nRF93M1; round trip of WebPageTest LTE; promotion below 100 ms: High Performance Browser Networking, chapter 7. Rates in the field, jitter, loss and idle time: estimate.',
  },
  'lte-cat-4': {
    name: 'LTE Cat-4',
    upKbitS: 12_000,
    downKbitS: 12_000,
    rttMs: 70,
    jitterMs: 10,
    loss: percent(0.2),
    promotion: { idleMs: 10_000, delayMs: 100 },
    source:
      'WebPageTest, LTE; jitter and loss: Loadero 4G; promotion: High Performance Browser Networking, chapter 7. Idle time: estimate.',
  },
  '5g': {
    name: '5G',
    upKbitS: 20_000,
    downKbitS: 100_000,
    rttMs: 25,
    jitterMs: 5,
    loss: percent(0.05),
    source: 'One way below 7 ms down and about 18 ms up: Rohde & Schwarz in Munich. The rest: estimate.',
  },
  wifi: {
    name: 'Wi-Fi',
    upKbitS: 15_000,
    downKbitS: 30_000,
    rttMs: 2,
    jitterMs: 1,
    source: 'Throttling of Firefox, Wi-Fi. Jitter: estimate.',
  },
  'wifi-congested': {
    name: 'Wi-Fi, congested',
    upKbitS: 1_000,
    downKbitS: 5_000,
    rttMs: 40,
    jitterMs: 20,
    loss: { meanGoodMs: 1_900, meanBadMs: 100, goodShare: 0, badShare: 0.2 },
    source: 'Round trip: presets of comcast (tylertreat/comcast). The rest: estimate; 1 % loss in bursts.',
  },
  geo: {
    name: 'Satellite, geostationary',
    upKbitS: 256,
    downKbitS: 1_000,
    rttMs: 600,
    jitterMs: 20,
    loss: percent(0.2),
    source:
      'About 600 ms, 477 by geometry: blog.apnic.net, LEO and GEO in Australia; rates: Loadero; loss: comcast. Jitter: estimate.',
  },
  leo: {
    name: 'Satellite, low orbit',
    upKbitS: 10_000,
    downKbitS: 100_000,
    rttMs: 50,
    jitterMs: 7,
    loss: { meanGoodMs: 14_500, meanBadMs: 500, goodShare: 0, badShare: 0.3 },
    source:
      'Median 50 ms, quartiles 40 and 60: blog.apnic.net, Starlink; handover every 15 s: arXiv 2310.09242; bursts of loss at handover: IMC 2022. Rate up and length of bursts: estimate.',
  },
  dsl: {
    name: 'DSL',
    upKbitS: 384,
    downKbitS: 1_500,
    rttMs: 50,
    jitterMs: 2,
    source: 'WebPageTest, DSL. Jitter: estimate.',
  },
  ethernet: {
    name: 'Ethernet',
    upKbitS: 100_000,
    downKbitS: 100_000,
    rttMs: 1,
    jitterMs: 0,
    source: '100BASE-TX (IEEE 802.3u). Round trip: estimate for one site.',
  },
} as const satisfies Record<string, Row>

export type PresetName = keyof typeof ROWS

// Object.keys forgets the type of keys; these are exactly those of the table above.
export const PRESET_NAMES = Object.keys(ROWS) as [PresetName, ...PresetName[]]

function labelOf({ name, upKbitS, downKbitS, rttMs }: Row): string {
  const isFast = upKbitS >= 1_000 && downKbitS >= 1_000
  const rates = isFast ? `${upKbitS / 1_000}/${downKbitS / 1_000} Mbit/s` : `${upKbitS}/${downKbitS} kbit/s`
  return `${name} (${rates} up/down, ${rttMs} ms round trip)`
}

/** A preset by its name. */
export function presetOf(name: PresetName): Preset {
  const row: Row = ROWS[name]
  const lane = (kbitS: number): LaneModel => ({
    ...FREE_LANE,
    rateBitS: kbitS * 1_000,
    delayMs: row.rttMs / 2,
    jitterMs: row.jitterMs,
    loss: row.loss,
  })
  const model: LinkModel = {
    ...FREE_LINK,
    up: lane(row.upKbitS),
    down: lane(row.downKbitS),
    halfDuplex: row.halfDuplex ?? false,
    promotion: row.promotion,
  }
  return { label: labelOf(row), source: row.source, model }
}
