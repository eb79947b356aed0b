/** Copies all of `from` to `out` at `at`, which must have room, and returns the offset behind. */
export function copyBytes(out: Uint8Array, at: number, from: Uint8Array): number {
  const { length } = from
  // Measured on Node 20: up to here a loop beats the call of set().
  if (length > 40) out.set(from, at)
  else for (let index = 0; index < length; index++) out[at + index] = from[index] ?? 0
  return at + length
}
