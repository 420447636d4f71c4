import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { parseRate } from '../../../src/config/rate.ts'

test.each([
  ['50/s', { count: 50, perMs: 1000 }],
  ['10/m', { count: 10, perMs: 60_000 }],
  ['1/h', { count: 1, perMs: 3_600_000 }],
])('reads %s', (text, rate) => {
  expect(parseRate(text)).toEqual(rate)
})

test.each([
  '',
  '50',
  '/s',
  '0/s',
  '50/ms',
  '50/d',
  '50 / s',
  '50/S',
  '-1/s',
  '1.5/s',
  '1MiB/s',
  'none',
  '50/s/s',
])('is no rate: %j', (text) => {
  expect(parseRate(text)).toBeUndefined()
})

test('any text gives a count above 0, or nothing', () => {
  const near = fc.stringMatching(/^[0-9]{0,11}\/[a-z]$/)
  fc.assert(
    fc.property(fc.oneof(fc.string(), near), (text) => {
      const { count } = parseRate(text) ?? { count: 1 }
      expect(Number.isSafeInteger(count) && count > 0).toBe(true)
    }),
  )
})
