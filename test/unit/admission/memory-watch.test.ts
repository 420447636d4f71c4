import { expect, test } from 'vitest'
import { MemoryWatch } from '../../../src/admission/memory-watch.ts'

function setUp(limit: 'auto' | number) {
  const state = { resident: 0, samples: 0, broken: false }
  const warnings: string[] = []
  const watch = new MemoryWatch(limit, {
    available: () => 1000,
    resident: () => {
      state.samples += 1
      if (state.broken) throw new Error('no /proc')
      return state.resident
    },
    warn: (message) => warnings.push(message),
  })
  return { watch, state, warnings }
}

const full = expect.objectContaining({ token: 'gateway-full' })

test('lets in up to the limit, refuses beyond it, and lets in again', () => {
  const { watch, state } = setUp(500)
  state.resident = 500
  watch.tick(0)
  expect(() => watch.check()).not.toThrow()
  state.resident = 501
  watch.tick(1000)
  expect(() => watch.check()).toThrow(full)
  state.resident = 499
  watch.tick(2000)
  expect(() => watch.check()).not.toThrow()
})

test('takes 85 % of what there is where nothing is written', () => {
  const { watch, state } = setUp('auto')
  state.resident = 850
  watch.tick(0)
  expect(() => watch.check()).not.toThrow()
  state.resident = 851
  watch.tick(1000)
  expect(() => watch.check()).toThrow(full)
})

test('looks once a second at most, however often it is swept', () => {
  const { watch, state } = setUp(500)
  for (let now = 0; now < 3000; now += 250) watch.tick(now)
  expect(state.samples).toBe(3)
})

test('does not look at all where there is no limit', () => {
  const { watch, state } = setUp(Infinity)
  watch.tick(0)
  expect(state.samples).toBe(0)
})

test('gives up, and says so, where memory cannot be read', () => {
  const { watch, state, warnings } = setUp(500)
  state.resident = 501
  watch.tick(0)
  state.broken = true
  expect(() => watch.tick(1000)).toThrow('no /proc')
  watch.crashed(new Error('no /proc'))
  expect(() => watch.check()).not.toThrow()
  watch.tick(5000)
  expect(state.samples).toBe(2)
  expect(warnings).toEqual([expect.stringContaining('no /proc')])
})

test('knows its own process', () => {
  const watch = new MemoryWatch(2 ** 20, { warn: () => undefined })
  watch.tick(0)
  expect(() => watch.check()).toThrow(full)
})
