import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { handleSignals } from '../../../src/runtime/signals.ts'

const actions = { stop: vi.fn(), abandon: vi.fn(), reload: vi.fn(), crashed: vi.fn() }
let forget: () => void

beforeEach(() => {
  vi.clearAllMocks()
  forget = handleSignals(actions)
})

afterEach(() => forget())

test.each(['SIGTERM', 'SIGINT'] as const)('%s stops, and once more abandons', (signal) => {
  process.emit(signal, signal)
  expect(actions.stop.mock.calls).toEqual([[signal]])
  expect(actions.abandon).not.toHaveBeenCalled()
  process.emit('SIGTERM', 'SIGTERM')
  expect(actions.stop).toHaveBeenCalledTimes(1)
  expect(actions.abandon.mock.calls).toEqual([['SIGTERM']])
})

test('SIGHUP reloads, as often as it comes', () => {
  process.emit('SIGHUP')
  process.emit('SIGHUP')
  expect(actions.reload).toHaveBeenCalledTimes(2)
  expect(actions.stop).not.toHaveBeenCalled()
})

test('what nobody caught is a crash', () => {
  const error = new Error('nobody caught this')
  process.listeners('uncaughtException').at(-1)?.(error, 'uncaughtException')
  expect(actions.crashed.mock.calls).toEqual([[error]])
})

test('nothing is heard of afterwards', () => {
  const before = process.listenerCount('SIGTERM')
  forget()
  expect(process.listenerCount('SIGTERM')).toBe(before - 1)
})
