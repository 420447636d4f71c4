const units = new Map([
  ['ms', 1],
  ['s', 1000],
  ['m', 60_000],
  ['h', 3_600_000],
])

/**
 * The longest delay that Node's timers take (2^31 - 1 ms, some 24 days); anything longer would fire
 * at once.
 */
export const longestDurationMs = 2 ** 31 - 1

/**
 * @returns milliseconds, or undefined where `text` is no duration: a whole number and `ms`, `s`,
 * `m` or `h`, at most 596h
 */
export function parseDuration(text: string): number | undefined {
  const [, digits, unit = ''] = /^(\d{1,10})([a-z]+)$/.exec(text) ?? []
  const factor = units.get(unit)
  if (digits === undefined || factor === undefined) return undefined
  const ms = Number(digits) * factor
  return ms <= longestDurationMs ? ms : undefined
}
