/** Between thousands, and between a number and its unit. */
export const THIN_SPACE = '\u2009'

/** A whole number with thin spaces between thousands: "12 000". */
export function formatCount(count: number): string {
  const digits = String(Math.abs(Math.round(count)))
  const grouped = digits.replace(/\B(?=(\d{3})+$)/g, THIN_SPACE)
  return Math.round(count) < 0 ? `-${grouped}` : grouped
}

/** A duration with three significant digits: "0.42 ms", "231 ms", "1.23 s", "12.5 min". */
export function formatMs(ms: number): string {
  const size = Math.abs(ms)
  if (size < 999.5) return `${threeDigits(ms)}${THIN_SPACE}ms`
  if (size < 119_500) return `${threeDigits(ms / 1_000)}${THIN_SPACE}s`
  if (size < 7_170_000) return `${threeDigits(ms / 60_000)}${THIN_SPACE}min`
  return `${threeDigits(ms / 3_600_000)}${THIN_SPACE}h`
}

/** A fraction as a percentage with three significant digits; never "0 %" or "100 %" unless it is. */
export function formatShare(share: number): string {
  const percent = share * 100
  if (share > 0 && percent < 0.001) return `<${THIN_SPACE}0.001${THIN_SPACE}%`
  if (share < 1 && percent > 99.95) return `${Math.floor(percent * 1_000) / 1_000}${THIN_SPACE}%`
  return `${threeDigits(percent)}${THIN_SPACE}%`
}

/** A rate per second: "19 998/s". */
export function formatRate(hz: number): string {
  return `${Math.abs(hz) < 999.5 ? threeDigits(hz) : formatCount(hz)}/s`
}

/** Three significant digits, without zeros that say nothing; whole numbers stay whole. */
function threeDigits(value: number): string {
  if (Math.abs(value) >= 999.5) return formatCount(value)
  return String(Number(value.toPrecision(3)))
}

/** Bytes in the unit a person would use: "142 MB". */
export function formatBytes(bytes: number): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB']
  let value = bytes
  let unit = 0
  while (value >= 999.5 && unit < units.length - 1) {
    value /= 1_000
    unit += 1
  }
  return `${threeDigits(value)}${THIN_SPACE}${units[unit] ?? 'B'}`
}
