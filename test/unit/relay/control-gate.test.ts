import { describe, expect, test } from 'vitest'
import { ControlGate } from '../../../src/relay/control-gate.ts'

const rate = { count: 10, perMs: 1000 }

function gate(
  over: 'close' | 'throttle' | 'log',
  burst = 2,
): { gate: ControlGate; told: () => number } {
  let told = 0
  return { gate: new ControlGate({ rate, burst, over }, 0, () => told++), told: () => told }
}

test('close refuses what is above the burst, until tokens are back', () => {
  const { gate: closing } = gate('close')
  expect([closing.admit(0), closing.admit(0), closing.admit(0)]).toEqual(['pass', 'pass', 'refuse'])
  expect([closing.admit(100), closing.admit(100)]).toEqual(['pass', 'refuse'])
})

test('log tells of each and passes it', () => {
  const { gate: telling, told } = gate('log', 1)
  expect([telling.admit(0), telling.admit(0), telling.admit(0)]).toEqual(['pass', 'pass', 'pass'])
  expect(told()).toBe(2)
})

describe('throttle', () => {
  test('lets through late, and recovers when each has been paid for', () => {
    const { gate: throttling } = gate('throttle', 1)
    expect(throttling.admit(0)).toBe('pass')
    expect([throttling.admit(0), throttling.admit(0)]).toEqual(['late', 'late'])
    expect([100, 199, 200].map((now) => throttling.recovers(now))).toEqual([false, false, true])
  })

  test('a debt is paid before a further frame passes', () => {
    const { gate: throttling } = gate('throttle', 1)
    throttling.admit(0)
    throttling.admit(0)
    expect(throttling.admit(100)).toBe('late')
  })
})

test('no rate passes everything', () => {
  const open = new ControlGate(
    { rate: { count: Infinity, perMs: 1000 }, burst: Infinity, over: 'close' },
    0,
    () => undefined,
  )
  for (let i = 0; i < 1000; i++) expect(open.admit(0)).toBe('pass')
})
