import { describe, expect, test } from 'vitest'
import type { RateLimit } from '../../../src/config/settled/limits.ts'
import { RateGate } from '../../../src/relay/rate-gate.ts'

const none: RateLimit = {
  rate: { count: Infinity, perMs: 1000 },
  burst: Infinity,
  over: 'throttle',
}

function limit(count: number, burst: number, over: RateLimit['over']): RateLimit {
  return { rate: { count, perMs: 1000 }, burst, over }
}

function setUp(limits: { messageRate?: RateLimit; byteRate?: RateLimit }, from = 'client') {
  const told: string[] = []
  const gate = new RateGate({
    from: from === 'client' ? 'client' : 'upstream',
    limits: { messageRate: none, byteRate: none, ...limits },
    tell: (name) => told.push(name),
    now: 0,
  })
  return { gate, told }
}

test('starts with the burst, and fills at the rate up to the burst', () => {
  const { gate } = setUp({
    messageRate: limit(10, 3, 'close'),
    byteRate: limit(1000, 500, 'close'),
  })
  expect(gate).toMatchObject({ messages: 3, bytes: 500 })
  gate.messages = 0
  gate.bytes = 0
  gate.refresh(100)
  expect(gate).toMatchObject({ messages: 1, bytes: 100 })
  gate.refresh(10_000)
  expect(gate).toMatchObject({ messages: 3, bytes: 500 })
})

test('a clock that stands or goes back gives nothing and takes nothing', () => {
  const { gate } = setUp({ messageRate: limit(10, 3, 'close') })
  gate.refresh(1000)
  gate.messages = 0
  gate.refresh(1000)
  gate.refresh(500)
  expect(gate.messages).toBe(0)
})

test('what has no limit stays without one', () => {
  const { gate } = setUp({ messageRate: limit(10, 3, 'close') })
  gate.bytes -= 1e9
  gate.refresh(1000)
  expect(gate.bytes).toBe(Infinity)
})

describe('throttle', () => {
  test('waits for one message', () => {
    const { gate } = setUp({ messageRate: limit(10, 1, 'throttle') })
    gate.messages = 0
    expect(gate.outOfMessages()).toBe('wait')
    expect(gate.ready(99)).toBe(false)
    expect(gate.ready(100)).toBe(true)
  })

  test('waits for 10 ms’ worth of bytes, so that a stream does not go on in crumbs', () => {
    const { gate } = setUp({ byteRate: limit(100_000, 100_000, 'throttle') })
    gate.bytes = 0
    expect(gate.outOfBytes(true)).toBe('wait')
    expect(gate.ready(9)).toBe(false)
    expect(gate.ready(10)).toBe(true)
  })

  test('waits for one byte where 10 ms are worth less', () => {
    const { gate } = setUp({ byteRate: limit(10, 10, 'throttle') })
    gate.bytes = 0
    gate.outOfBytes(false)
    expect(gate.ready(99)).toBe(false)
    expect(gate.ready(100)).toBe(true)
  })

  test('saves up 20 ms’ worth whatever the burst, so that a late wake-up loses nothing', () => {
    const { gate } = setUp({
      messageRate: limit(1000, 1, 'throttle'),
      byteRate: limit(1_000_000, 1, 'throttle'),
    })
    expect(gate).toMatchObject({ messages: 20, bytes: 20_000 })
  })
})

describe('close', () => {
  test.each([
    ['client', { token: 'rate-exceeded', clientCode: 1008, upstreamCode: 1001 }],
    ['upstream', { token: 'upstream-invalid', clientCode: 1011, upstreamCode: 1008 }],
  ])('gives the %s the true code', (from, error) => {
    const { gate } = setUp(
      { messageRate: limit(1, 1, 'close'), byteRate: limit(1, 1, 'close') },
      from,
    )
    expect(() => gate.outOfMessages()).toThrow(expect.objectContaining(error))
    expect(() => gate.outOfBytes(false)).toThrow(expect.objectContaining(error))
  })

  test('inside a frame lets it finish, whatever it still has', () => {
    const { gate } = setUp({ byteRate: limit(1, 1, 'close') })
    expect(gate.outOfBytes(true)).toBe('finish')
    expect(gate.violation).toMatchObject({ token: 'rate-exceeded' })
    expect(gate.bytes).toBe(Infinity)
  })
})

test('log tells, and holds nobody any more', () => {
  const { gate, told } = setUp({
    messageRate: limit(1, 1, 'log'),
    byteRate: limit(1, 1, 'log'),
  })
  expect(gate.outOfMessages()).toBe('go')
  expect(gate.outOfBytes(true)).toBe('go')
  gate.refresh(5000)
  expect(gate).toMatchObject({ messages: Infinity, bytes: Infinity, violation: undefined })
  expect(told).toEqual(['messageRate', 'byteRate'])
})
