/** One part of several: `index` counts from 0. */
export interface Share {
  index: number
  count: number
}

/** All of it. */
export const WHOLE: Share = { index: 0, count: 1 }

/** Whether a device belongs to a share. Devices are dealt out like cards, so every share gets its part of every fleet. */
export function isOf(device: number, share: Share): boolean {
  return device % share.count === share.index
}

/** How many of `total` devices a share holds. */
export function sizeOf(total: number, { index, count }: Share): number {
  return total > index ? Math.ceil((total - index) / count) : 0
}

/** How many of the devices from `first` on, `count` of them, a share holds. */
export function sizeWithin(first: number, count: number, share: Share): number {
  return sizeOf(first + count, share) - sizeOf(first, share)
}

/** The devices of a share, ascending. */
export function devicesOf(total: number, share: Share): Uint32Array {
  const devices = new Uint32Array(sizeOf(total, share))
  for (let place = 0; place < devices.length; place += 1) devices[place] = share.index + place * share.count
  return devices
}

/** The share of a share: what local shard `inner` drives on the machine that was given `outer`. */
export function shareOf(outer: Share, inner: Share): Share {
  return { index: outer.index + outer.count * inner.index, count: outer.count * inner.count }
}
