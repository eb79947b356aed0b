import type { PublishSettings } from '../profile/schema/publish.ts'

type Paced = Pick<PublishSettings, 'every' | 'rate' | 'arrival'>

/** Messages that fall due together: the size of a burst, otherwise 1. */
export function burstSize({ arrival }: Pick<PublishSettings, 'arrival'>): number {
  return typeof arrival === 'string' ? 1 : arrival.burst
}

/** Time from message to message of one device, or from burst to burst, at factor 1. `rate` counts messages, not bursts. */
export function periodMs(publish: Paced): number {
  if (publish.every !== undefined) return publish.every
  return (1_000 * burstSize(publish)) / (publish.rate ?? 1)
}

/** Messages per second of one device at factor 1. */
export function ratePerDeviceHz(publish: Paced): number {
  return (1_000 * burstSize(publish)) / periodMs(publish)
}
