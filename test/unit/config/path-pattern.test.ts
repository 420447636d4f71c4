import { expect, test } from 'vitest'
import { containsPath, foldPathPattern, isPathPattern } from '../../../src/config/path-pattern.ts'

test.each([
  '/',
  '/*',
  '/chat',
  '/chat/',
  '/chat/*',
  '/a.b/c-d_e~f',
  '/@scope/x:y',
  "/a'b(c)!$&,=+",
  '/..a',
  '/.well-known/x',
])('is a path: %s', (text) => {
  expect(isPathPattern(text)).toBe(true)
})

test.each([
  '',
  '*',
  'chat',
  'chat/*',
  '/chat*',
  '/*/chat',
  '/a/*/b',
  '/**',
  '//',
  '//a',
  '/a//b',
  '/a//*',
  '/.',
  '/..',
  '/a/../b',
  '/a/./b',
  '/a/..',
  '/...',
  '/a.',
  '/a./b',
  '/%61',
  '/a;b',
  '/a?b',
  '/a#b',
  '/a\\b',
  '/a b',
  '/ü',
  '/a\n',
  '/a::$DATA',
  'https://host/a',
])('is no path: %j', (text) => {
  expect(isPathPattern(text)).toBe(false)
})

test.each([
  ['/Chat', '/chat'],
  ['/chat/', '/chat'],
  ['/Chat/*', '/chat/*'],
  ['/', '/'],
])('%s folds to %s', (pattern, folded) => {
  expect(foldPathPattern(pattern)).toBe(folded)
})

test.each([
  ['/*', '/a', true],
  ['/*', '/', true],
  ['/a/*', '/a', true],
  ['/a/*', '/A/b', true],
  ['/a/*', '/a/b/*', true],
  ['/a/*', '/a/*', true],
  ['/a', '/a/', true],
  ['/a/*', '/ab', false],
  ['/a/b/*', '/a/*', false],
  ['/a', '/a/*', false],
  ['/a', '/b', false],
])('%s contains %s: %s', (outer, inner, contains) => {
  expect(containsPath(outer, inner)).toBe(contains)
})
