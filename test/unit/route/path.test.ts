import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { readings } from '../../../src/route/path.ts'
import { nastyPaths } from './nasty-paths.ts'

test.each([
  '/',
  '/chat',
  '/index.html',
  '/compare/v1...v2',
  '/@scope/pkg',
  "/odata/users('x')",
  '/~user',
  `/${'a'.repeat(9000)}`,
])('a plain path has one reading: %s', (path) => {
  expect(readings(path)).toEqual(new Set([path]))
})

test.each([
  ['/chat/', ['/chat/', '/chat']],
  ['/Chat', ['/Chat', '/chat']],
  ['/api/projects/a%2Fb', ['/api/projects/a%2Fb', '/api/projects/a/b', '/api/projects/a%2fb']],
  ['/a;x=1/b', ['/a;x=1/b', '/a/b', '/a']],
  ['/a//b', ['/a//b', '/a/b']],
  ['//a/b', ['//a/b', '/b', '/a/b']],
  ['/a%3Fb', ['/a%3Fb', '/a?b', '/a', '/a%3fb']],
  ['/a%5Cb', ['/a%5Cb', '/a\\b', '/a/b', '/a%5cb']],
  ['/100%25', ['/100%25', '/100%']],
  ['/file.', ['/file.', '/file']],
  ['/a::$data', ['/a::$data', '/a']],
])('%s is read as %j', (path, expected) => {
  expect([...(readings(path) ?? [])].toSorted()).toEqual(expected.toSorted())
})

describe('always refused', () => {
  test.each([
    ['not rooted', 'a'],
    ['the asterisk', '*'],
    ['empty', ''],
    ['dot dot', '/a/../b'],
    ['dot dot at the end', '/a/..'],
    ['dot dot at the start', '/..'],
    ['dot dot under the root', '/../a'],
    ['encoded dots', '/a/%2e%2e/b'],
    ['half encoded dots', '/a/.%2E/b'],
    ['doubly encoded dots', '/a/%252e%252e/b'],
    ['encoded slash behind dots', '/a/..%2fb'],
    ['encoded backslash behind dots', '/a/..%5cb'],
    ['dots with a parameter', '/a/..;/b'],
    ['dots with an encoded parameter', '/a/..%3b/b'],
    ['a hidden dot dot behind a parameter', '/a/;/../b'],
    ['dots that Windows trims', '/a/.../b'],
    ['dots and a blank', '/a/..%20/b'],
    ['full-width dots', '/a/%ef%bc%8e%ef%bc%8e/b'],
    ['overlong dots', '/a/%c0%ae%c0%ae/b'],
    ['overlong slash', '/a%c0%afb'],
    ['overlong in three bytes', '/a%e0%80%afb'],
    ['NUL', '/a%00'],
    ['a NUL two levels down', '/a%2500'],
    ['a line break', '/a%0d%0ab'],
    ['DEL', '/a%7f'],
    ['a raw backslash', '/a\\b'],
    ['a raw blank', '/a b'],
    ['a raw control byte', '/a\x01'],
    ['a fragment', '/a#b'],
    ['a question mark', '/a?b'],
    ['a broken escape', '/a%'],
    ['a broken escape in the middle', '/a%2/b'],
    ['no hex digits', '/a%zz'],
    ['IIS unicode', '/a%u002fb'],
    ['four levels of escapes', '/a%2525252fb'],
    ['long and not plain', `/${'a'.repeat(4096)}%20`],
    ['too many readings', '/A%2f;b%2f;c%5c//D%3be%3ff%23g.%252fH%253bi'],
  ])('%s: %j', (_, path) => {
    expect(readings(path)).toBeUndefined()
  })
})

test('4 KiB pass where they are not plain, a byte more does not', () => {
  const path = `/${'a'.repeat(4092)}%20`
  expect(readings(path)).toBeDefined()
  expect(readings(`/a${path.slice(1)}`)).toBeUndefined()
})

test('every reading of a reading is one of the path already', () => {
  for (const path of nastyPaths(3000, 7)) {
    const all = readings(path) ?? new Set()
    for (const reading of all) {
      // One may hold what no request may (a blank, a decoded question mark), and has no readings of
      // its own then.
      const further = [...(readings(reading) ?? [])].filter((again) => !all.has(again))
      expect(further).toEqual([])
    }
  }
})

test('the path itself is a reading, and there are never more than 32', () => {
  const nasty = fc.string({
    unit: fc.constantFrom(...'/aB.;%25cf3?#~ \\\xc3\xa9'.split('')),
    maxLength: 40,
  })
  fc.assert(
    fc.property(nasty, (text) => {
      const path = `/${text}`
      const all = readings(path)
      if (all === undefined) return
      expect(all.has(path)).toBe(true)
      expect(all.size).toBeLessThanOrEqual(32)
    }),
    { numRuns: 2000 },
  )
})

test('the worst path costs milliseconds', () => {
  const worst = [
    `/${'%2f'.repeat(1364)}`,
    `/${'a%3b/'.repeat(800)}`,
    `/${'.'.repeat(4000)}A`,
    `/${'. '.repeat(10)}${'%20.'.repeat(1000)}x%20`,
    `/${'a'.repeat(16_000)}\\`,
    `/${'::$'.repeat(1300)}`,
  ]
  for (const path of worst) {
    const start = performance.now()
    readings(path)
    expect(performance.now() - start).toBeLessThan(500)
  }
})
