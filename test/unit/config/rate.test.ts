import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { parseByteRate, parseRate } from '../../../src/config/rate.ts'

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

test.each([
  ['1MiB/s', { count: 2 ** 20, perMs: 1000 }],
  ['512B/m', { count: 512, perMs: 60_000 }],
  ['2GiB/h', { count: 2 ** 31, perMs: 3_600_000 }],
])('reads the bytes of %s', (text, rate) => {
  expect(parseByteRate(text)).toEqual(rate)
})

test.each(['', '50/s', '1MiB', '0B/s', '1MiB/ms', '1 MiB/s', '1MiB/s/s', '1mib/s', 'none'])(
  'is no rate of bytes: %j',
  (text) => {
    expect(parseByteRate(text)).toBeUndefined()
  },
)
