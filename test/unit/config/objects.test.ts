import { expect, test } from 'vitest'
import { deepFreeze, defined } from '../../../src/config/objects.ts'

test('members that are undefined are left out', () => {
  expect(defined({ a: 1, b: undefined, c: null })).toStrictEqual({ a: 1, c: null })
})

test('freezes all the way down', () => {
  const tree = deepFreeze({ a: [{ b: 1 }], c: 'text', d: undefined })
  expect([tree, tree.a, tree.a[0]].every((value) => Object.isFrozen(value))).toBe(true)
})
