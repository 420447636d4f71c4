/** So many in so much time. No limit is a count of `Infinity`. */
export interface Rate {
  readonly count: number
  readonly perMs: number
}

const units = { s: 1000, m: 60_000, h: 3_600_000 } as const

/** @returns undefined where `text` is no rate: a whole number above 0 and `/s`, `/m` or `/h`, such as `50/s` */
export function parseRate(text: string): Rate | undefined {
  const [, digits, unit] = /^(\d{1,9})\/(s|m|h)$/.exec(text) ?? []
  if (digits === undefined || Number(digits) === 0) return undefined
  return { count: Number(digits), perMs: units[unit as keyof typeof units] }
}
