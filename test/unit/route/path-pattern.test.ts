import { describe, expect, test } from 'vitest'
import { PathPattern, strippedPrefix } from '../../../src/route/path-pattern.ts'

test.each([
  ['/chat', '/chat', true],
  ['/chat', '/chat/', true],
  ['/chat', '/chat//', false],
  ['/chat', '/chat/x', false],
  ['/chat', '/chatter', false],
  ['/chat', '/Chat', false],
  ['/chat', '/', false],
  ['/chat/', '/chat', true],
  ['/chat/', '/chat/', true],
  ['/chat/*', '/chat', true],
  ['/chat/*', '/chat/', true],
  ['/chat/*', '/chat/x/y', true],
  ['/chat/*', '/chatter', false],
  ['/chat/*', '/chat.html', false],
  ['/chat/*', '/x/chat/', false],
  ['/', '/', true],
  ['/', '/x', false],
  ['/*', '/', true],
  ['/*', '/x/y', true],
  ['/Chat', '/Chat', true],
])('%s as written takes %s: %s', (pattern, path, takes) => {
  expect(new PathPattern(pattern).matches(path)).toBe(takes)
})

describe('folded', () => {
  test.each([
    ['/Chat', '/chat', true],
    ['/Chat/*', '/chat/x', true],
    ['/Chat', '/Chat', false],
    ['/chat/', '/chat', true],
  ])('%s takes the reading %s: %s', (pattern, reading, takes) => {
    expect(new PathPattern(pattern).matchesReading(reading)).toBe(takes)
  })
})

test.each([
  [['/a/*'], '/a/b/c', '/a'],
  [['/a/*'], '/a', '/a'],
  [['/a/*', '/a/b/*'], '/a/b/c', '/a/b'],
  [['/a/b/*', '/a/*'], '/a/c', '/a'],
  [['/a', '/*'], '/a', ''],
  [['/a'], '/a', ''],
  [[], '/a/b', ''],
])('%j matches of %s literally %j', (patterns, path, prefix) => {
  expect(strippedPrefix(patterns, path)).toBe(prefix)
})
