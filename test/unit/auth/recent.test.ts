import { expect, test } from 'vitest'
import { Recent } from '../../../src/auth/recent.ts'

test('holds a value until its time', () => {
  let clock = 0
  const recent = new Recent<string>(10, () => clock)
  recent.put('a', 'A', 100)
  clock = 99
  expect(recent.get('a')).toBe('A')
  clock = 100
  expect(recent.get('a')).toBeUndefined()
})

test('holds so many, and lets go of the oldest', () => {
  const recent = new Recent<number>(3, () => 0)
  for (const [at, key] of ['a', 'b', 'c', 'b', 'd'].entries()) recent.put(key, at, 1)
  expect(['a', 'b', 'c', 'd'].map((key) => recent.get(key))).toEqual([undefined, 3, 2, 4])
})

test('has nothing under what every object has', () => {
  const recent = new Recent<number>(3, () => 0)
  expect(recent.get('__proto__')).toBeUndefined()
  expect(recent.get('constructor')).toBeUndefined()
})
