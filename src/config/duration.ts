const units = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 } as const

/** The longest delay that Node's timers take (2^31 - 1 ms, some 24 days); anything longer would fire at once. */
export const longestDurationMs = 2 ** 31 - 1

/** @returns milliseconds, or undefined where `text` is no duration: a whole number and `ms`, `s`, `m` or `h`, at most 596h */
export function parseDuration(text: string): number | undefined {
  const [, digits, unit] = /^(\d{1,10})(ms|s|m|h)$/.exec(text) ?? []
  if (digits === undefined) return undefined
  const ms = Number(digits) * units[unit as keyof typeof units]
  return ms <= longestDurationMs ? ms : undefined
}
