import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { Schedule } from '../../../../src/upstream/health/schedule.ts'
import type { Check } from '../../../../src/upstream/health/schedule.ts'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

const middle = (): number => 0.5
const options = { interval: 5_000, timeout: 2_000, random: middle }
const passes: Check = () => Promise.resolve()

/** When checks began, in milliseconds from the start. */
async function beginnings(check: Check, random: () => number, ms: number): Promise<number[]> {
  const from = performance.now()
  const began: number[] = []
  const schedule = new Schedule(
    (signal) => {
      began.push(performance.now() - from)
      return check(signal)
    },
    { ...options, random },
    () => undefined,
  )
  await vi.advanceTimersByTimeAsync(ms)
  schedule.stop()
  return began
}

/** Ends when it is told to, as every check does. */
const silent: Check = (signal) =>
  new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason as Error)))

test.each([
  [() => 0, [0, 4_500, 9_000]],
  [middle, [500, 5_500, 10_500]],
  [() => 0.75, [750, 6_000, 11_250]],
])('checks come once an interval, a tenth more or less', async (random, expected) => {
  const began = await beginnings(passes, random, 13_000)
  expect(began.slice(0, 3).map(Math.round)).toEqual(expected)
})

test('the time that a check takes is a part of the interval', async () => {
  expect(await beginnings(silent, middle, 11_000)).toEqual([500, 5_500, 10_500])
})

test('a check that takes longer than the interval is ended first: none overlaps another', async () => {
  let running = 0
  let most = 0
  const schedule = new Schedule(
    async (signal) => {
      most = Math.max(most, ++running)
      await silent(signal).finally(() => running--)
    },
    { interval: 1_000, timeout: 3_000, random: middle },
    () => undefined,
  )
  await vi.advanceTimersByTimeAsync(30_000)
  schedule.stop()
  expect(most).toBe(1)
})

test('a check that is not done in time has failed', async () => {
  const told = vi.fn<(failure: Error | undefined) => void>()
  const schedule = new Schedule(silent, options, told)
  await vi.advanceTimersByTimeAsync(2_499)
  expect(told).not.toHaveBeenCalled()
  await vi.advanceTimersByTimeAsync(1)
  schedule.stop()
  expect(told).toHaveBeenCalledExactlyOnceWith(
    expect.objectContaining({ token: 'upstream-timeout' }),
  )
})

test('what a check throws is why it failed, and it goes on', async () => {
  const told = vi.fn<(failure: Error | undefined) => void>()
  const failure = new Error('no')
  const schedule = new Schedule(() => Promise.reject(failure), options, told)
  await vi.advanceTimersByTimeAsync(6_000)
  schedule.stop()
  expect(told.mock.calls).toEqual([[failure], [failure]])
})

test('stopping ends the check in progress and tells nobody', async () => {
  const told = vi.fn<(failure: Error | undefined) => void>()
  const ended = vi.fn<() => void>()
  const schedule = new Schedule((signal) => silent(signal).finally(ended), options, told)
  await vi.advanceTimersByTimeAsync(1_000)
  schedule.stop()
  await vi.advanceTimersByTimeAsync(60_000)
  expect(ended).toHaveBeenCalledOnce()
  expect(told).not.toHaveBeenCalled()
})

test('whoever is told may stop it', async () => {
  let checks = 0
  const schedule = new Schedule(
    () => {
      checks++
      return Promise.resolve()
    },
    options,
    () => schedule.stop(),
  )
  await vi.advanceTimersByTimeAsync(60_000)
  expect(checks).toBe(1)
})
