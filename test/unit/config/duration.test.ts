import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { longestDurationMs, parseDuration } from '../../../src/config/duration.ts'

test.each([
  ['500ms', 500],
  ['10s', 10_000],
  ['5m', 300_000],
  ['1h', 3_600_000],
  ['0s', 0],
  ['596h', 596 * 3_600_000],
  ['2147483647ms', longestDurationMs],
])('%s is %d ms', (text, ms) => {
  expect(parseDuration(text)).toBe(ms)
})

test.each([
  '',
  '10',
  's',
  '1.5s',
  '-1s',
  '+1s',
  ' 1s',
  '1s ',
  '1 s',
  '1S',
  '1d',
  '1e3s',
  '1s1s',
  'none',
  '1__proto__',
])('is no duration: %j', (text) => {
  expect(parseDuration(text)).toBeUndefined()
})

test.each(['597h', '2147483648ms', '9999999999h'])('is too long for a timer: %s', (text) => {
  expect(parseDuration(text)).toBeUndefined()
})

test('a duration is its number times its unit', () => {
  const units = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 }
  fc.assert(
    fc.property(
      fc.nat(596),
      fc.constantFrom(...(['ms', 's', 'm', 'h'] as const)),
      (count, unit) => {
        expect(parseDuration(`${count}${unit}`)).toBe(count * units[unit])
      },
    ),
  )
})

test('any text gives whole milliseconds that a timer takes, or nothing', () => {
  const near = fc.stringMatching(/^[0-9]{0,12}(?:ms|s|m|h|d|)$/)
  fc.assert(
    fc.property(fc.oneof(fc.string(), near), (text) => {
      const ms = parseDuration(text) ?? 0
      expect(Number.isInteger(ms) && ms >= 0 && ms <= longestDurationMs).toBe(true)
    }),
  )
})
