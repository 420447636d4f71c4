import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { TokenBucket } from '../../../src/config/token-bucket.ts'

const perSecond = (count: number) => ({ count, perMs: 1000 })

test('starts full, and refuses what is over the burst', () => {
  const bucket = new TokenBucket(perSecond(10), 3, 0)
  expect([1, 2, 3, 4].map(() => bucket.take(0))).toEqual([true, true, true, false])
})

test('fills at the rate', () => {
  const bucket = new TokenBucket(perSecond(10), 1, 0)
  expect(bucket.take(0)).toBe(true)
  expect(bucket.take(99)).toBe(false)
  expect(bucket.take(100)).toBe(true)
})

test('holds no more than the burst, however long nothing is taken', () => {
  const bucket = new TokenBucket(perSecond(10), 2, 0)
  expect([1, 2, 3].map(() => bucket.take(1e9))).toEqual([true, true, false])
})

test('a refused take costs nothing', () => {
  const bucket = new TokenBucket(perSecond(1), 5, 0)
  expect(bucket.take(0, 6)).toBe(false)
  expect(bucket.take(0, 5)).toBe(true)
})

test('a clock that goes back takes nothing away', () => {
  const bucket = new TokenBucket(perSecond(10), 1, 1000)
  expect(bucket.take(0)).toBe(true)
  expect(bucket.take(1099)).toBe(false)
  expect(bucket.take(1100)).toBe(true)
})

test('a rate of none lets everything pass', () => {
  const bucket = new TokenBucket({ count: Infinity, perMs: 1000 }, Infinity, 0)
  expect(Array.from({ length: 1000 }, () => bucket.take(0, 1000)).every(Boolean)).toBe(true)
})

test('in no stretch of time passes more than the burst and what the rate gives', () => {
  const steps = fc.array(fc.record({ wait: fc.nat(500), n: fc.integer({ min: 1, max: 4 }) }), {
    minLength: 1,
  })
  fc.assert(
    fc.property(
      steps,
      fc.integer({ min: 1, max: 20 }),
      fc.integer({ min: 1, max: 10 }),
      (takes, count, burst) => {
        const bucket = new TokenBucket(perSecond(count), burst, 0)
        let now = 0
        let taken = 0
        for (const { wait, n } of takes) {
          now += wait
          if (bucket.take(now, n)) taken += n
          expect(taken).toBeLessThanOrEqual(burst + (now * count) / 1000 + 1e-6)
        }
      },
    ),
  )
})
