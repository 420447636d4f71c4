import { expect, test } from 'vitest'
import { fitsWildcard, parseWildcard } from '../../../src/config/wildcard.ts'

test.each([
  ['device-7', 'device-7', true],
  ['device-7', 'device-77', false],
  ['device-*', 'device-', true],
  ['device-*', 'device-7', true],
  ['device-*', 'my device-7', false],
  ['*.example', 'a.example', true],
  ['*.example', 'a.example.evil', false],
  ['*', '', true],
  ['**', 'x', true],
  ['a*a', 'a', false],
  ['a*a', 'aa', true],
  ['a*b*c', 'a1b2c', true],
  ['a*b*c', 'abbc', true],
  ['a*b*c', 'acb', false],
  ['a*bc*c', 'abc', false],
  ['.', 'x', false],
  ['a*', 'a\nb', true],
  ['', '', true],
  ['', 'x', false],
])('%s and %s: %s', (pattern, text, fits) => {
  expect(fitsWildcard(parseWildcard(pattern), text)).toBe(fits)
})

test('takes no longer for a text made to be tried in many ways', () => {
  const pattern = parseWildcard(`${'a*'.repeat(20)}b`)
  const started = performance.now()
  expect(fitsWildcard(pattern, 'a'.repeat(100_000))).toBe(false)
  expect(performance.now() - started).toBeLessThan(1000)
})
