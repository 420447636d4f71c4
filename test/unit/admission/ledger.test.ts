import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { Ledger } from '../../../src/admission/ledger.ts'

test('holds up to the limit under each key', () => {
  const ledger = new Ledger()
  expect(ledger.acquire('a', 1)).toBeDefined()
  expect(ledger.acquire('a', 1)).toBeUndefined()
  expect(ledger.acquire('b', 1)).toBeDefined()
})

test('a place that was given back can be taken again, and is given back once only', () => {
  const ledger = new Ledger()
  const release = ledger.acquire('a', 2)
  ledger.acquire('a', 2)
  release?.()
  release?.()
  expect(ledger.acquire('a', 2)).toBeDefined()
  expect(ledger.acquire('a', 2)).toBeUndefined()
})

test.each(['__proto__', 'constructor', ''])('counts under the key %j like any other', (key) => {
  const ledger = new Ledger()
  const release = ledger.acquire(key, 1)
  expect(ledger.acquire(key, 1)).toBeUndefined()
  release?.()
  expect(ledger.acquire(key, 1)).toBeDefined()
})

test('remembers nothing of a key whose places were all given back', () => {
  const step = fc.record({ key: fc.constantFrom('a', 'b', 'c'), max: fc.nat({ max: 3 }) })
  fc.assert(
    fc.property(fc.array(step), (steps) => {
      const ledger = new Ledger()
      const releases = steps.map(({ key, max }) => ledger.acquire(key, max))
      for (const release of releases) release?.()
      expect(ledger.size).toBe(0)
    }),
  )
})
