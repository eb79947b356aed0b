import type { ReconnectSettings } from '../profile/schema/fleet.ts'

/**
 * Delay in ms before the attempt that follows `failures` (>= 1) failed or broken connections in a row; Infinity for never again.
 * `random` in [0, 1) spreads the random share of the delay, so that a fleet does not come back as one.
 */
export function reconnectDelayMs(settings: ReconnectSettings, failures: number, random: number): number {
  if (settings.policy === 'none') return Number.POSITIVE_INFINITY
  const full =
    settings.policy === 'fixed'
      ? settings.delay
      : Math.min(settings.max, settings.min * 2 ** Math.min(failures - 1, 40))
  return full * (1 - settings.jitter * random)
}
