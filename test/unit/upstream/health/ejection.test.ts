import { expect, test } from 'vitest'
import { Ejection } from '../../../../src/upstream/health/ejection.ts'

const config = { after: 3, time: 10_000, max: 35_000 }

/** Fails until it is out. @returns for how long */
function failUntilOut(ejection: Ejection, now: number): number {
  for (;;) {
    const outMs = ejection.failed(now)
    if (outMs !== undefined) return outMs
  }
}

test('so many connects in a row that fail eject a server', () => {
  const ejection = new Ejection(config)
  expect([ejection.failed(0), ejection.failed(1), ejection.failed(2)]).toEqual([
    undefined,
    undefined,
    10_000,
  ])
  expect(ejection.out).toBe(true)
})

test('failures with a success between do not add up', () => {
  const ejection = new Ejection(config)
  for (let count = 0; count < 10; count++) {
    expect(ejection.failed(0)).toBeUndefined()
    expect(ejection.failed(0)).toBeUndefined()
    ejection.connected(0)
  }
})

test('failures while it is out count for nothing', () => {
  const ejection = new Ejection(config)
  failUntilOut(ejection, 0)
  for (let count = 0; count < 10; count++) expect(ejection.failed(1)).toBeUndefined()
})

test('once its time is over one failure ejects it again, for twice as long, up to the maximum', () => {
  const ejection = new Ejection(config)
  const times: (number | undefined)[] = [failUntilOut(ejection, 0)]
  for (let at = 100_000; at < 500_000; at += 100_000) {
    ejection.end(at)
    // However long nobody tried it: it was never shown to be well.
    times.push(ejection.failed(at + 90_000))
  }
  expect(times).toEqual([10_000, 20_000, 35_000, 35_000, 35_000])
})

test('it is as good as new where it has been back for as long as it was out', () => {
  const ejection = new Ejection(config)
  failUntilOut(ejection, 0)
  ejection.end(10_000)
  ejection.connected(10_000)
  expect(ejection.failed(19_999)).toBeUndefined()
  expect(failUntilOut(ejection, 20_000)).toBe(10_000)
})

test('it is not where it fails again before', () => {
  const ejection = new Ejection(config)
  failUntilOut(ejection, 0)
  ejection.end(10_000)
  ejection.connected(10_000)
  expect(failUntilOut(ejection, 19_999)).toBe(20_000)
})

test('a connect while it is out brings it back', () => {
  const ejection = new Ejection(config)
  failUntilOut(ejection, 0)
  ejection.connected(1)
  expect(ejection.out).toBe(false)
  expect(ejection.failed(2)).toBeUndefined()
})

test('another configuration goes on from what is held against it', () => {
  const before = new Ejection(config)
  failUntilOut(before, 0)
  const now = new Ejection({ ...config, after: 1, max: 15_000 })
  now.goOnFrom(before)
  expect(now.out).toBe(true)
  now.end(10_000)
  expect(now.failed(10_000)).toBe(15_000)
})
