import { expect, test } from 'vitest'
import { fastPathOf } from '../../../src/runtime/fast-path.ts'

test.each([
  [undefined, undefined],
  ['', undefined],
  ['off', 'plain'],
  ['adopted', 'adopted'],
  ['on', 'direct'],
])('DRAWBRIDGE_FAST_PATH=%s', (value, path) => {
  expect(fastPathOf(value)).toBe(path)
})

test.each(['0', 'OFF', 'toString'])('refuses %s with what it takes', (value) => {
  expect(() => fastPathOf(value)).toThrow(
    `DRAWBRIDGE_FAST_PATH: found ${value}, expected off, adopted or on`,
  )
})
