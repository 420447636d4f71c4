import { parseByteSize } from './byte-size.ts'

/** So many in so much time. No limit is a count of `Infinity`. */
export interface Rate {
  readonly count: number
  readonly perMs: number
}

const units = new Map([
  ['s', 1000],
  ['m', 60_000],
  ['h', 3_600_000],
])

/**
 * @returns undefined where `text` is no rate: a whole number above 0 and `/s`, `/m` or `/h`, such
 * as `50/s`
 */
export function parseRate(text: string): Rate | undefined {
  const [, digits, unit = ''] = /^(\d{1,9})\/([a-z])$/.exec(text) ?? []
  const perMs = units.get(unit)
  if (digits === undefined || perMs === undefined || Number(digits) === 0) return undefined
  return { count: Number(digits), perMs }
}

/**
 * @returns undefined where `text` is no rate of bytes: a size above 0 and `/s`, `/m` or `/h`, such
 * as `1MiB/s`
 */
export function parseByteRate(text: string): Rate | undefined {
  const [, size = '', unit = ''] = /^(\w+)\/([a-z])$/.exec(text) ?? []
  const count = parseByteSize(size)
  const perMs = units.get(unit)
  return count === undefined || count === 0 || perMs === undefined ? undefined : { count, perMs }
}
