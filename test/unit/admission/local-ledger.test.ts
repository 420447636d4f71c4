import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { clientKey } from '../../../src/admission/client-key.ts'
import { LocalLedger } from '../../../src/admission/local-ledger.ts'

describe('places', () => {
  test('are as many as the limit under each key of each account', () => {
    const ledger = new LocalLedger()
    expect(ledger.acquire('x', 'a', 1)).toBeDefined()
    expect(ledger.acquire('x', 'a', 1)).toBeUndefined()
    expect(ledger.acquire('x', 'b', 1)).toBeDefined()
    expect(ledger.acquire('y', 'a', 1)).toBeDefined()
  })

  test('can be taken again once given back, and are given back once only', () => {
    const ledger = new LocalLedger()
    const release = ledger.acquire('x', 'a', 2)
    ledger.acquire('x', 'a', 2)
    release?.()
    release?.()
    expect(ledger.acquire('x', 'a', 2)).toBeDefined()
    expect(ledger.acquire('x', 'a', 2)).toBeUndefined()
  })

  test.each(['__proto__', 'constructor', '', 'long'.repeat(5000)])(
    'are counted under any key',
    (key) => {
      const ledger = new LocalLedger()
      const release = ledger.acquire('x', key, 1)
      expect(ledger.acquire('x', key, 1)).toBeUndefined()
      expect(ledger.acquire('x', `${key}.`, 1)).toBeDefined()
      release?.()
      expect(ledger.acquire('x', key, 1)).toBeDefined()
    },
  )

  test('leave nothing behind when all are given back', () => {
    const step = fc.record({ key: fc.constantFrom('a', 'b', 'c'), max: fc.nat({ max: 3 }) })
    fc.assert(
      fc.property(fc.array(step), (steps) => {
        const ledger = new LocalLedger()
        const releases = steps.map(({ key, max }) => ledger.acquire('x', key, max))
        for (const release of releases) release?.()
        expect(ledger.size('x')).toBe(0)
      }),
    )
  })
})

const perSecond = { count: 2, perMs: 1000 }

function setUp(maxMetered?: number) {
  const clock = { now: 0 }
  const ledger = new LocalLedger(() => clock.now, maxMetered)
  const take = (key: string): number => ledger.take('x', key, perSecond, 2)
  return { clock, ledger, take }
}

describe('a rate', () => {
  test('lets the burst through at once, then as it fills, and says how long that takes', () => {
    const { clock, take } = setUp()
    expect([take('a'), take('a'), take('a')]).toEqual([0, 0, 500])
    clock.now = 499
    expect(take('a')).toBe(1)
    clock.now = 500
    expect([take('a'), take('a')]).toEqual([0, 500])
  })

  test('is metered for every key and account apart', () => {
    const { ledger, take } = setUp()
    take('a')
    take('a')
    expect(take('a')).toBeGreaterThan(0)
    expect(take('b')).toBe(0)
    expect(ledger.take('y', 'a', perSecond, 2)).toBe(0)
  })

  test('saves up no more than the burst', () => {
    const { clock, take } = setUp()
    take('a')
    clock.now = 1e6
    expect([take('a'), take('a'), take('a')]).toEqual([0, 0, 500])
  })

  test('of thirds loses nothing to rounding', () => {
    const clock = { now: 1e9 }
    const ledger = new LocalLedger(() => clock.now)
    const taken = (): number[] =>
      [1, 2, 3, 4].map(() => ledger.take('x', 'a', { count: 3, perMs: 1000 }, 3))
    expect(taken().filter((wait) => wait === 0)).toHaveLength(3)
    clock.now += 1000
    expect(taken().filter((wait) => wait === 0)).toHaveLength(3)
  })

  test('gets back what turned out not to count, and no more than that', () => {
    const { clock, ledger, take } = setUp()
    take('a')
    take('a')
    ledger.giveBack('x', 'a', perSecond)
    expect([take('a'), take('a')]).toEqual([0, 500])
    for (const [account, key] of [
      ['x', 'unknown'],
      ['unknown', 'a'],
    ] as const)
      ledger.giveBack(account, key, perSecond)
    clock.now = 1e6
    ledger.giveBack('x', 'a', perSecond)
    expect([take('a'), take('a'), take('a')]).toEqual([0, 0, 500])
  })

  test('of none lets everything through and remembers nobody', () => {
    const { ledger } = setUp()
    const none = { count: Infinity, perMs: 1000 }
    for (let at = 0; at < 1000; at += 1) expect(ledger.take('x', 'a', none, Infinity)).toBe(0)
    expect(ledger.size('x')).toBe(0)
  })

  test('is never exceeded in any stretch of time', () => {
    const steps = fc.array(fc.nat(400), { minLength: 1, maxLength: 100 })
    const count = fc.integer({ min: 1, max: 20 })
    fc.assert(
      fc.property(steps, count, fc.integer({ min: 1, max: 10 }), (waits, perSec, burst) => {
        const clock = { now: 0 }
        const ledger = new LocalLedger(() => clock.now)
        let taken = 0
        for (const wait of waits) {
          clock.now += wait
          const rate = { count: perSec, perMs: 1000 }
          if (ledger.take('x', 'a', rate, burst) === 0) taken += 1
          expect(taken).toBeLessThanOrEqual(burst + (clock.now * perSec) / 1000 + 1e-3)
        }
      }),
    )
  })
})

describe('what is known of keys', () => {
  test('is forgotten where their bucket is full again', () => {
    const { clock, ledger, take } = setUp()
    for (clock.now = 0; clock.now < 100; clock.now += 1) take(`client ${clock.now}`)
    clock.now = 5000
    for (let at = 0; at < 100; at += 1) take('another')
    expect(ledger.size('x')).toBe(1)
  })

  test('is kept while a bucket is not full', () => {
    const { clock, take } = setUp()
    take('a')
    take('a')
    clock.now = 400
    for (let at = 0; at < 100; at += 1) take(`client ${at}`)
    expect(take('a')).toBeGreaterThan(0)
  })

  test('is kept of who has asked all the time, when another comes', () => {
    const { clock, take } = setUp()
    for (; clock.now <= 10_000; clock.now += 100) take('a')
    take('b')
    expect(take('a')).toBeGreaterThan(0)
  })

  test('is kept of who goes on asking in vain, while others are forgotten', () => {
    const { take } = setUp(10)
    take('a')
    take('a')
    for (let at = 0; at < 1000; at += 1) {
      take(`client ${at}`)
      expect(take('a')).toBeGreaterThan(0)
    }
  })

  test('takes a bounded memory: a million IPv6 networks, all at once', () => {
    setFlagsFromString('--expose-gc')
    const collect = runInNewContext('gc') as () => void
    const { ledger, take } = setUp()
    collect()
    const before = process.memoryUsage().heapUsed
    for (let at = 0; at < 1e6; at += 1) {
      const address = `2001:db8:${(at >> 16).toString(16)}:${(at & 0xffff).toString(16)}::1`
      expect(take(clientKey(address))).toBe(0)
    }
    collect()
    const grown = (process.memoryUsage().heapUsed - before) / 2 ** 20
    expect(ledger.size('x')).toBeLessThanOrEqual(65_536)
    expect(grown).toBeLessThan(10)
  })
})
