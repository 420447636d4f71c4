const units = new Map([
  ['B', 1],
  ['KiB', 2 ** 10],
  ['MiB', 2 ** 20],
  ['GiB', 2 ** 30],
  ['TiB', 2 ** 40],
])

/**
 * @returns bytes, or undefined where `text` is no size: a whole number and `B`, `KiB`, `MiB`, `GiB`
 * or `TiB`, below 2^53 bytes
 */
export function parseByteSize(text: string): number | undefined {
  const [, digits, unit = ''] = /^(\d{1,16})([A-Za-z]+)$/.exec(text) ?? []
  const factor = units.get(unit)
  if (digits === undefined || factor === undefined) return undefined
  const bytes = Number(digits) * factor
  return Number.isSafeInteger(bytes) ? bytes : undefined
}
