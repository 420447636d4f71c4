import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { AnswerClock } from '../../../src/upstream/answer-clock.ts'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

test('says once that it is late', () => {
  const late = vi.fn()
  new AnswerClock().start(100, late)
  vi.advanceTimersByTime(99)
  expect(late).not.toHaveBeenCalled()
  vi.advanceTimersByTime(1_000)
  expect(late).toHaveBeenCalledOnce()
})

test('says nothing once it was stopped, and has a whole time for the next answer', () => {
  const clock = new AnswerClock()
  const [first, second] = [vi.fn(), vi.fn()]
  clock.start(100, first)
  vi.advanceTimersByTime(60)
  clock.stop()
  clock.start(100, second)
  vi.advanceTimersByTime(99)
  expect(second).not.toHaveBeenCalled()
  vi.advanceTimersByTime(1)
  expect(second).toHaveBeenCalledOnce()
  expect(first).not.toHaveBeenCalled()
})

test('serves again after it has rung, and after it ran out unheard', () => {
  const clock = new AnswerClock()
  const late = vi.fn()
  clock.start(100, late)
  vi.advanceTimersByTime(100)
  clock.start(100, late)
  clock.stop()
  vi.advanceTimersByTime(200)
  clock.start(100, late)
  vi.advanceTimersByTime(100)
  expect(late).toHaveBeenCalledTimes(2)
})

test('takes another length of time', () => {
  const clock = new AnswerClock()
  const late = vi.fn()
  clock.start(100, late)
  clock.start(300, late)
  vi.advanceTimersByTime(299)
  expect(late).not.toHaveBeenCalled()
  vi.advanceTimersByTime(1)
  expect(late).toHaveBeenCalledOnce()
})

test('begins anew where it runs, and only there', () => {
  const clock = new AnswerClock()
  const late = vi.fn()
  clock.restart()
  clock.start(100, late)
  vi.advanceTimersByTime(60)
  clock.restart()
  vi.advanceTimersByTime(99)
  expect(late).not.toHaveBeenCalled()
  clock.stop()
  clock.restart()
  vi.advanceTimersByTime(1_000)
  expect(late).not.toHaveBeenCalled()
})

test('leaves no timer behind at its end', () => {
  const clock = new AnswerClock()
  clock.start(100, () => undefined)
  clock.end()
  expect(vi.getTimerCount()).toBe(0)
})
