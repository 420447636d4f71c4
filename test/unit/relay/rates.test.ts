import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest'
import type { RateLimit } from '../../../src/config/settled/limits.ts'
import { GatewayError } from '../../../src/errors.ts'
import { RateGate } from '../../../src/relay/rate-gate.ts'
import { Opcode } from '../../../src/websocket/opcode.ts'
import { clientFrame, closePayload, frame } from '../../support/frames.ts'
import { Rigs } from './rig.ts'
import type { End, Rig, Settings } from './rig.ts'

const { close, continuation, ping } = Opcode

let rigs: Rigs
beforeAll(async () => {
  rigs = await Rigs.open()
})
// Whatever a test does, no socket and no clock is left of its session.
afterEach(async () => {
  await rigs.idle()
  rigs.sweep.wakeups.tick(performance.now())
  expect(rigs.sweep.wakeups.size).toBe(0)
})
afterAll(() => rigs.close())

const none: RateLimit = {
  rate: { count: Infinity, perMs: 1000 },
  burst: Infinity,
  over: 'throttle',
}
function limit(count: number, burst: number, over: RateLimit['over']): RateLimit {
  return { rate: { count, perMs: 1000 }, burst, over }
}
const limitNames = ['messageRate', 'byteRate'] as const
const slow = (over: RateLimit['over']): RateLimit => ({
  rate: { count: 1, perMs: 3_600_000 },
  burst: 4,
  over,
})

/** Both ends answer the gateway's Close and leave, as well-behaved peers do. */
async function leave({ client, upstream, outcome }: Rig): Promise<void> {
  client.send(clientFrame({ opcode: close }))
  client.end()
  upstream.send(frame({ opcode: close }))
  upstream.end()
  await outcome
}

/** The two directions of a relay, by who sends. */
const directions = [
  ['client', 'fromClient', clientFrame],
  ['upstream', 'fromUpstream', frame],
] as const

describe.each(directions)('what the %s sends', (from, direction, encode) => {
  const make = async (settings: {
    messageRate?: RateLimit
    byteRate?: RateLimit
    more?: Settings
  }): Promise<{ rig: Rig; source: End; target: End }> => {
    const both = (rate = none) => ({ fromClient: none, fromUpstream: none, [direction]: rate })
    const limits = { messageRate: both(settings.messageRate), byteRate: both(settings.byteRate) }
    const rig = await rigs.make({ ...settings.more, limits })
    const [source, target] =
      from === 'client' ? [rig.client, rig.upstream] : [rig.upstream, rig.client]
    return { rig, source, target }
  }

  test('is throttled to the rate of messages, though it comes in one piece', async () => {
    const { rig, source, target } = await make({ messageRate: limit(200, 10, 'throttle') })
    const one = encode({ payload: 'x' })
    const started = performance.now()
    source.send(...Array.from({ length: 60 }, () => one))
    await target.take(one.length * 10)
    expect(target.received.length).toBeLessThan(one.length * 50)
    await target.take(one.length * 50)
    // 10 at once, 50 at 200 a second.
    expect(performance.now() - started).toBeGreaterThan(245)
    expect(performance.now() - started).toBeLessThan(1000)
    await leave(rig)
  })

  test('is throttled to the rate of bytes, inside a frame too, and arrives whole', async () => {
    const { rig, source, target } = await make({ byteRate: limit(1 << 20, 1 << 16, 'throttle') })
    const payload = Buffer.from(Array.from({ length: (1 << 18) + (1 << 16) }, (_, i) => i % 251))
    const whole = encode({ payload })
    const started = performance.now()
    source.send(whole)
    expect(await target.take(whole.length)).toEqual(whole)
    // 64 KiB at once, 256 KiB at 1 MiB a second.
    expect(performance.now() - started).toBeGreaterThan(245)
    expect(performance.now() - started).toBeLessThan(1000)
    await leave(rig)
  })

  test('is copied once where it is held back, in however many steps it goes on', async () => {
    const byteRate = limit(1 << 18, 1024, 'throttle')
    const { rig, source, target } = await make({ byteRate })
    const whole = encode({ payload: Buffer.alloc(60_000, 'x') })
    const copies = vi.spyOn(Buffer, 'from')
    source.send(whole)
    expect((await target.take(whole.length)).equals(whole)).toBe(true)
    const lengths = copies.mock.calls.map(([bytes]) =>
      (bytes as unknown) instanceof Uint8Array ? (bytes as unknown as Uint8Array).length : 0,
    )
    copies.mockRestore()
    expect(lengths.reduce((sum, length) => sum + length, 0)).toBeLessThan(2 * whole.length)
    await leave(rig)
  })

  test('goes on with what was held back behind a pause: data, then its Close', async () => {
    const { rig, source, target } = await make({ messageRate: limit(50, 1, 'throttle') })
    const bye = encode({ opcode: close, payload: closePayload(4000, 'bye') })
    source.send(encode({ payload: 'a' }), encode({ payload: 'b' }), bye)
    source.end()
    expect((await target.frame()).payload.toString()).toBe('a')
    expect((await target.frame()).payload.toString()).toBe('b')
    expect(await target.close()).toBe('4000 bye')
    await leave(rig)
    expect(await rig.ended()).toMatchObject({ closedBy: from, code: 4000 })
  })

  test('is discarded while it waits, once the session ends', async () => {
    const { rig, source, target } = await make({ messageRate: slow('throttle') })
    const one = encode({ payload: 'x' })
    source.send(...Array.from({ length: 9 }, () => one))
    await target.take(one.length * 4)
    rig.session.close(new GatewayError('lifetime', 'test'))
    expect(await target.close()).toBe('1001 lifetime')
    expect(await source.close()).toBe('1001 lifetime')
    await leave(rig)
    expect(await rig.ended()).toMatchObject({ error: 'lifetime' })
  })

  test('is dropped while it waits, once its sender has gone', async () => {
    const { rig, source, target } = await make({ byteRate: slow('throttle') })
    source.send(encode({ payload: 'four' }), encode({ payload: 'more' }))
    await target.take(encode({ payload: 'four' }).length)
    source.reset()
    await target.rest()
    target.end()
    expect(await rig.ended()).toMatchObject({ error: `${from}-lost` })
  })

  test.each(limitNames)('ends the session over the %s with 1008 for who sent it', async (name) => {
    const { rig, source, target } = await make({ [name]: slow('close') })
    source.send(...Array.from({ length: 5 }, () => encode({ payload: 'x' })))
    for (let i = 0; i < 4; i += 1) expect((await target.frame()).payload.toString()).toBe('x')
    const token = from === 'client' ? 'rate-exceeded' : 'upstream-invalid'
    expect(await source.close()).toBe(`1008 ${token}`)
    expect(await target.close()).toBe(`${from === 'client' ? 1001 : 1011} ${token}`)
    await leave(rig)
    expect(await rig.ended()).toMatchObject({ closedBy: 'gateway', error: token })
  })

  test('over the byteRate inside a frame ends the session behind that frame', async () => {
    const { rig, source, target } = await make({ byteRate: slow('close') })
    const first = encode({ fin: false, payload: 'longer than four' })
    source.send(first.subarray(0, -2))
    expect((await source.close()).slice(0, 4)).toBe('1008')
    source.send(first.subarray(-2), encode({ opcode: continuation, payload: 'late' }))
    expect((await target.frame()).payload.toString()).toBe('longer than four')
    await target.close()
    await leave(rig)
  })

  test.each(limitNames)('is told of once over the %s where that is all', async (name) => {
    const told: string[] = []
    const onLimit = (limit: string, by: string): number => told.push(`${limit} ${by}`)
    const { rig, source, target } = await make({ [name]: slow('log'), more: { onLimit } })
    const one = encode({ payload: 'x' })
    source.send(...Array.from({ length: 50 }, () => one))
    await target.take(one.length * 50)
    expect(told).toEqual([`${name} ${from}`])
    await leave(rig)
  })

  test('over the size of a message is told of once where that is all', async () => {
    const told: string[] = []
    const rig = await rigs.make({
      limits: {
        message: { fromClient: 3, fromUpstream: 3 },
        messageOver: { fromClient: 'log', fromUpstream: 'log' },
      },
      onLimit: (limit, by) => told.push(`${limit} ${by}`),
    })
    const [source, target] =
      from === 'client' ? [rig.client, rig.upstream] : [rig.upstream, rig.client]
    source.send(encode({ payload: 'four' }), encode({ payload: 'fives' }))
    expect((await target.frame()).payload.toString()).toBe('four')
    expect((await target.frame()).payload.toString()).toBe('fives')
    expect(told).toEqual([`message ${from}`])
    await leave(rig)
  })

  test('does not count its control frames', async () => {
    const { rig, source, target } = await make({
      messageRate: slow('close'),
      byteRate: slow('close'),
    })
    source.send(...Array.from({ length: 20 }, () => encode({ opcode: ping, payload: 'ping' })))
    for (let i = 0; i < 20; i += 1) expect((await target.frame()).opcode).toBe(ping)
    await leave(rig)
  })
})

test('a throttled direction does not hold up the other', async () => {
  const rig = await rigs.make({
    limits: { messageRate: { fromClient: slow('throttle'), fromUpstream: none } },
  })
  rig.client.send(...Array.from({ length: 9 }, () => clientFrame({ payload: 'x' })))
  for (let i = 0; i < 4; i += 1) await rig.upstream.frame()
  for (let i = 0; i < 20; i += 1) {
    rig.upstream.send(frame({ payload: `${i}` }))
    expect((await rig.client.frame()).payload.toString()).toBe(`${i}`)
  }
  rig.client.end()
  rig.session.close(new GatewayError('lifetime', 'test'))
  await leave(rig)
})

describe('on a bridge', () => {
  const fromUpstream = (rate: RateLimit) => ({ fromClient: none, fromUpstream: rate })
  const fromClient = (rate: RateLimit) => ({ fromClient: rate, fromUpstream: none })

  test('a client is throttled inside a message, and its bytes arrive unmasked', async () => {
    const rig = await rigs.make({
      bridge: 'binary',
      limits: { byteRate: fromClient(limit(1 << 20, 1 << 16, 'throttle')) },
    })
    const payload = Buffer.from(Array.from({ length: (1 << 18) + (1 << 16) }, (_, i) => i % 251))
    const started = performance.now()
    rig.client.send(clientFrame({ payload: payload.subarray(0, 1e5) }))
    rig.client.send(clientFrame({ payload: payload.subarray(1e5) }))
    expect(await rig.upstream.take(payload.length)).toEqual(payload)
    expect(performance.now() - started).toBeGreaterThan(245)
    await leave(rig)
  })

  test.each(limitNames)('a client over the %s gets 1008, its backend a reset', async (name) => {
    const rig = await rigs.make({ bridge: 'binary', limits: { [name]: fromClient(slow('close')) } })
    rig.client.send(...Array.from({ length: 5 }, () => clientFrame({ payload: 'x' })))
    expect(await rig.client.close()).toBe('1008 rate-exceeded')
    rig.client.end()
    await rig.upstream.rest()
    expect(rig.upstream.wasReset).toBe(true)
    await rig.outcome
  })

  test('a backend is throttled to the rate of bytes', async () => {
    const rig = await rigs.make({
      bridge: 'binary',
      limits: { byteRate: fromUpstream(limit(1 << 20, 1 << 16, 'throttle')) },
    })
    const payload = Buffer.from(Array.from({ length: (1 << 18) + (1 << 16) }, (_, i) => i % 251))
    const started = performance.now()
    rig.upstream.send(payload)
    let come = Buffer.alloc(0)
    while (come.length < payload.length) {
      come = Buffer.concat([come, (await rig.client.frame()).payload])
    }
    expect(come).toEqual(payload)
    expect(performance.now() - started).toBeGreaterThan(245)
    await leave(rig)
  })

  test('a backend is throttled to the rate of messages', async () => {
    const rig = await rigs.make({
      bridge: 'binary',
      limits: { messageRate: fromUpstream(limit(20, 1, 'throttle')) },
    })
    const started = performance.now()
    for (const text of ['a', 'b', 'c', 'd']) {
      rig.upstream.send(Buffer.from(text))
      expect((await rig.client.frame()).payload.toString()).toBe(text)
    }
    expect(performance.now() - started).toBeGreaterThan(145)
    await leave(rig)
  })

  test('a backend over the byteRate is reset, its client gets 1011 behind what was allowed', async () => {
    const rig = await rigs.make({
      bridge: 'binary',
      limits: { byteRate: fromUpstream(slow('close')) },
    })
    rig.upstream.send(Buffer.from('more than four'))
    expect((await rig.client.frame()).payload.toString()).toBe('more')
    expect(await rig.client.close()).toBe('1011 upstream-invalid')
    await rig.upstream.rest()
    expect(rig.upstream.wasReset).toBe(true)
    rig.client.send(clientFrame({ opcode: close }))
    rig.client.end()
    await rig.outcome
  })

  test('a backend over the byteRate is told of once where that is all', async () => {
    const told: string[] = []
    const rig = await rigs.make({
      bridge: 'binary',
      limits: { byteRate: fromUpstream(slow('log')) },
      onLimit: (limit, by) => told.push(`${limit} ${by}`),
    })
    rig.upstream.send(Buffer.from('more than four'))
    let come = ''
    while (come.length < 14) come += (await rig.client.frame()).payload.toString()
    expect(come).toBe('more than four')
    expect(told).toEqual(['byteRate upstream'])
    await leave(rig)
  })
})

test('a bug that shows when a throttled flow is woken ends its session alone', async () => {
  const fromUpstream = limit(100, 2, 'throttle')
  const limits = { messageRate: { fromClient: none, fromUpstream } }
  const failing = await rigs.make({ limits })
  const other = await rigs.make({ limits })
  const bug = vi.spyOn(RateGate.prototype, 'ready').mockImplementationOnce(() => {
    throw new Error('a bug')
  })
  const [two, more] = [frame({ payload: 'x' }), frame({ payload: 'y' })].map((one) =>
    Buffer.concat([one, one]),
  ) as [Buffer, Buffer]
  failing.upstream.send(two, more)
  expect(await failing.client.take(two.length)).toEqual(two)
  expect(await failing.client.close()).toBe('1011 internal')
  expect(await failing.upstream.close()).toBe('1001 internal')
  await leave(failing)
  expect(await failing.ended()).toMatchObject({ closedBy: 'gateway', error: 'internal' })
  other.upstream.send(two, more)
  expect(await other.client.take(two.length + more.length)).toEqual(Buffer.concat([two, more]))
  expect(bug.mock.results.map(({ type }) => type)).toContain('return')
  bug.mockRestore()
  await leave(other)
})
