import { expect, test } from 'vitest'
import { ClientRate } from '../../../src/admission/rate.ts'

const perSecond = { count: 2, perMs: 1000 }

test('lets one second worth through at once, then as it fills', () => {
  const rate = new ClientRate(perSecond)
  expect([rate.take('a', 0), rate.take('a', 0), rate.take('a', 0)]).toEqual([true, true, false])
  expect(rate.take('a', 499)).toBe(false)
  expect(rate.take('a', 500)).toBe(true)
  expect(rate.take('a', 500)).toBe(false)
})

test('meters every client apart', () => {
  const rate = new ClientRate(perSecond)
  rate.take('a', 0)
  rate.take('a', 0)
  expect(rate.take('a', 0)).toBe(false)
  expect(rate.take('b', 0)).toBe(true)
})

test('a rate below one a second lets one through', () => {
  const rate = new ClientRate({ count: 10, perMs: 60_000 })
  expect([rate.take('a', 0), rate.take('a', 0)]).toEqual([true, false])
  expect(rate.take('a', 6000)).toBe(true)
})

test('no rate lets everything through and remembers nobody', () => {
  const rate = new ClientRate({ count: Infinity, perMs: 1000 })
  for (let at = 0; at < 1000; at += 1) expect(rate.take('a', 0)).toBe(true)
  expect(rate.size).toBe(0)
})

test('forgets clients whose bucket is full again', () => {
  const rate = new ClientRate(perSecond)
  for (let at = 0; at < 100; at += 1) rate.take(`client ${at}`, at)
  for (let at = 0; at < 100; at += 1) rate.take('another', 5000)
  expect(rate.size).toBe(1)
})

test('does not forget one that is still empty', () => {
  const rate = new ClientRate(perSecond)
  rate.take('a', 0)
  rate.take('a', 0)
  for (let at = 0; at < 100; at += 1) rate.take(`client ${at}`, 400)
  expect(rate.take('a', 400)).toBe(false)
})

test('never remembers more clients than it may', () => {
  const rate = new ClientRate(perSecond, 10)
  for (let at = 0; at < 1000; at += 1) {
    rate.take(`client ${at}`, 0)
    expect(rate.size).toBeLessThanOrEqual(10)
  }
})
