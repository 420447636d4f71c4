import { expect, test } from 'vitest'
import { shownText, Source } from '../../../src/config/source.ts'

const lines = (offset: number) => ({ line: offset + 1, col: 1 })

test('problems come in the order of the file, the same one once', () => {
  const source = new Source('f', lines)
  source.add(['b'], { keyAt: 4, valueAt: 5, shown: 'text', verbatim: true })
  source.add(['a'], { keyAt: 1, valueAt: 2, shown: 'a list' })
  const last = { path: ['b'], expected: 'more' }
  expect(source.format([last, { path: ['a'], expected: 'x' }, last])).toEqual([
    'f:3:1: a: found a list, expected x',
    'f:6:1: b: found text, expected more',
  ])
})

test('what is missing is missing where the thing around it begins', () => {
  const source = new Source('f', lines)
  source.add(['a'], { keyAt: 1, valueAt: 2, shown: 'a mapping' })
  source.add(['r'], { keyAt: 3, valueAt: 4, shown: 'a list' })
  source.add(['r', 0], { valueAt: 5, shown: 'a mapping' })
  const missing = [['a', 'b'], ['r', 0, 'c', 'd'], ['z']].map((path) => ({ path, expected: 'it' }))
  expect(source.format(missing)).toEqual([
    'f:1:1: z: found nothing, expected it',
    'f:2:1: a.b: found nothing, expected it',
    'f:6:1: r[0].c.d: found nothing, expected it',
  ])
})

test('what is broken breaks what is below it', () => {
  const source = new Source('f', lines)
  source.breakAt({ path: ['a', 0], expected: 'x' })
  expect(source.isBroken(['a', 0, 'b'])).toBe(true)
  expect(source.isBroken(['a'])).toBe(false)
  expect(source.isBroken(['a', 1])).toBe(false)
})

test.each([
  ['a  b\n  c', 'a b c'],
  ['a\u0007\u202eb', 'a??b'],
  ['x'.repeat(70), `${'x'.repeat(60)}...`],
  ['http://u:p@h', 'http://[redacted]@h'],
  ['|\n -----BEGIN PRIVATE KEY-----\n', 'the text of a PEM file'],
])('%j is shown as %s', (text, shown) => {
  expect(shownText(text)).toBe(shown)
})
