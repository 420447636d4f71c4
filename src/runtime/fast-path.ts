import type { DataPath } from '../relay/port/choose-ports.ts'

const paths: Readonly<Record<string, DataPath>> = {
  off: 'plain',
  adopted: 'adopted',
  on: 'direct',
}

/**
 * How far past Node's streams sessions may go, as DRAWBRIDGE_FAST_PATH says: `off`, `adopted` or
 * `on`. What this Node does not carry is not done in any case.
 * @throws {Error} for any other value
 */
export function fastPathOf(value: string | undefined): DataPath | undefined {
  if (value === undefined || value === '') return undefined
  const path = new Map(Object.entries(paths)).get(value)
  if (path !== undefined) return path
  throw new Error(`DRAWBRIDGE_FAST_PATH: found ${value}, expected off, adopted or on`)
}
