import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { Opcode } from '../../../src/websocket/opcode.ts'
import { clientFrame, frame } from '../../support/frames.ts'
import { bytes } from '../../support/raw-client.ts'
import { Rigs } from './rig.ts'
import { clientClose, leave, upstreamClose } from './closes.ts'

const { ping } = Opcode

let rigs: Rigs
beforeAll(async () => {
  rigs = await Rigs.open()
})
// Whatever a test does, no socket and no clock is left of its session.
afterEach(() => rigs.idle())
afterAll(() => rigs.close())

describe('frame-invalid', () => {
  test.each([
    ['an unmasked frame', '81 05 48656c6c6f'],
    ['RSV1', 'c1 85 37fa213d 7f9f4d5158'],
    ['a reserved opcode', '83 80 37fa213d'],
    ['a fragmented ping', '09 81 37fa213d 47'],
    ['a stray continuation', '80 85 37fa213d 7f9f4d5158'],
    ['a length of 2^63', '81 ff 8000000000000000 37fa213d'],
    ['a Close of one byte', '88 81 37fa213d 34'],
    ['a Close with 1005', '88 82 37fa213d 3417'],
  ])('%s: what came before it goes out, then 1002 and 1001', async (_, hex) => {
    const rig = await rigs.make()
    rig.client.send(clientFrame({ payload: 'before' }), bytes(hex))
    expect((await rig.upstream.frame()).payload.toString()).toBe('before')
    expect(await rig.upstream.close()).toBe('1001 frame-invalid')
    expect(await rig.client.close()).toBe('1002 frame-invalid')
    // Its frames can no longer be told apart, so that its answer is not waited for.
    expect(await rig.client.rest()).toHaveLength(0)
    leave(rig)
    expect(await rig.ended()).toEqual({
      closedBy: 'gateway',
      code: 1002,
      reason: 'frame-invalid',
      error: 'frame-invalid',
      expired: false,
      received: { messages: 1, bytes: 6 },
      sent: { messages: 0, bytes: 0 },
    })
  })

  test('the frame that is being sent to the client is let finish', async () => {
    const rig = await rigs.make()
    const [begin, end] = [frame({ payload: 'abcdef' }).subarray(0, 4), Buffer.from('cdef')]
    rig.upstream.send(begin)
    await rig.client.take(begin.length)
    rig.client.send(bytes('8f80 00000000'))
    expect(await rig.upstream.close()).toBe('1001 frame-invalid')
    expect(rig.client.received).toHaveLength(0)
    rig.upstream.send(end, frame({ payload: 'late' }))
    expect(await rig.client.take(4)).toEqual(end)
    expect(await rig.client.close()).toBe('1002 frame-invalid')
    leave(rig)
    await rig.outcome
  })

  test('of a client that closes and ends right behind it: 1002, though a frame has to end first', async () => {
    const rig = await rigs.make()
    const whole = frame({ payload: 'abcdef' })
    rig.upstream.send(whole.subarray(0, 4))
    await rig.client.take(4)
    rig.client.send(bytes('8f80 00000000'), clientClose(1000))
    rig.client.end()
    expect(await rig.upstream.close()).toBe('1001 frame-invalid')
    rig.upstream.send(whole.subarray(4), upstreamClose(1000))
    rig.upstream.end()
    expect(await rig.client.take(4)).toEqual(whole.subarray(4))
    expect(await rig.client.close()).toBe('1002 frame-invalid')
    expect(await rig.ended()).toMatchObject({ code: 1002, error: 'frame-invalid' })
  })

  test('a frame that never ends is cut at half of timeouts.closing', async () => {
    const rig = await rigs.make({ timeouts: { closing: 100 } })
    rig.upstream.send(frame({ payload: 'abcdef' }).subarray(0, 4))
    await rig.client.take(4)
    rig.client.send(bytes('8f80 00000000'))
    expect(await rig.client.rest()).toHaveLength(0)
    leave(rig)
    expect(await rig.ended()).toMatchObject({ code: 1006, reason: '', error: 'frame-invalid' })
  })
})

test('message-too-big: 1009 and 1001, at the header', async () => {
  const rig = await rigs.make({ limits: { message: { fromClient: 10, fromUpstream: Infinity } } })
  rig.client.send(clientFrame({ payload: Buffer.alloc(10) }))
  await rig.upstream.frame()
  rig.client.send(bytes('82 8b'))
  expect(await rig.upstream.close()).toBe('1001 message-too-big')
  expect(await rig.client.close()).toBe('1009 message-too-big')
  leave(rig)
  expect(await rig.ended()).toMatchObject({ code: 1009, received: { messages: 1, bytes: 10 } })
})

describe('rate-exceeded', () => {
  const rate = { count: 1, perMs: 60_000 }

  test('1008 and 1001', async () => {
    const rig = await rigs.make({ limits: { controlFrameRate: { rate, burst: 2, over: 'close' } } })
    const one = clientFrame({ opcode: ping, payload: '1' })
    rig.client.send(one, one, one)
    await rig.upstream.frame()
    await rig.upstream.frame()
    expect(await rig.upstream.close()).toBe('1001 rate-exceeded')
    expect(await rig.client.close()).toBe('1008 rate-exceeded')
    leave(rig)
    expect(await rig.ended()).toMatchObject({ closedBy: 'gateway', code: 1008 })
  })

  test('a Close is not counted', async () => {
    const rig = await rigs.make({ limits: { controlFrameRate: { rate, burst: 1, over: 'close' } } })
    rig.client.send(clientFrame({ opcode: ping }), clientClose(1000))
    await rig.upstream.frame()
    expect(await rig.upstream.close()).toBe('1000')
    leave(rig)
    await rig.outcome
  })

  test('throttle reads on once the tokens are back', async () => {
    const quick = { count: 100, perMs: 1000 }
    const limits = { controlFrameRate: { rate: quick, burst: 1, over: 'throttle' } } as const
    const rig = await rigs.make({ limits })
    const started = performance.now()
    const one = clientFrame({ opcode: ping, payload: '1' })
    rig.client.send(...Array.from({ length: 11 }, () => one))
    for (let i = 0; i < 11; i++) await rig.upstream.frame()
    rig.client.send(clientFrame({ payload: 'after' }))
    expect((await rig.upstream.frame()).payload.toString()).toBe('after')
    expect(performance.now() - started).toBeGreaterThan(90)
    leave(rig)
    await rig.outcome
  })

  test('log tells once and lets through', async () => {
    const told: string[] = []
    const limits = { controlFrameRate: { rate, burst: 1, over: 'log' } } as const
    const rig = await rigs.make({ limits, onLimit: (limit) => told.push(limit) })
    rig.client.send(...Array.from({ length: 5 }, () => clientFrame({ opcode: ping })))
    rig.upstream.send(...Array.from({ length: 5 }, () => frame({ opcode: ping })))
    for (let i = 0; i < 5; i++) await Promise.all([rig.upstream.frame(), rig.client.frame()])
    expect(told).toEqual(['controlFrameRate'])
    leave(rig)
    await rig.outcome
  })
})

describe('upstream-invalid', () => {
  const rate = { count: 1, perMs: 60_000 }
  test.each([
    ['1002', 'a masked frame', clientFrame({ payload: 'x' })],
    ['1002', 'a reserved bit', frame({ rsv: 0x20 })],
    ['1002', 'a bad close code', upstreamClose(1005)],
    ['1009', 'a message over the limit', frame({ payload: Buffer.alloc(11) })],
    ['1008', 'too many pings', Buffer.concat([frame({ opcode: ping }), frame({ opcode: ping })])],
  ])('1011, and %s to an upstream that sends %s', async (code, _, bad) => {
    const rig = await rigs.make({
      limits: {
        message: { fromClient: Infinity, fromUpstream: 10 },
        controlFrameRate: { rate, burst: 1, over: 'close' },
      },
    })
    rig.upstream.send(frame({ payload: 'good' }), bad)
    expect((await rig.client.frame()).payload.toString()).toBe('good')
    if (code === '1008') await rig.client.frame()
    expect(await rig.client.close()).toBe('1011 upstream-invalid')
    expect(await rig.upstream.close()).toBe(`${code} upstream-invalid`)
    leave(rig)
    expect(await rig.ended()).toMatchObject({
      closedBy: 'gateway',
      code: 1011,
      error: 'upstream-invalid',
    })
  })
})
