import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { GatewayError } from '../../../src/errors.ts'
import type { Token } from '../../../src/errors.ts'
import { Opcode } from '../../../src/websocket/opcode.ts'
import { clientFrame, closePayload, frame } from '../../support/frames.ts'
import { bytes } from '../../support/raw-client.ts'
import { Rigs } from './rig.ts'
import type { Rig } from './rig.ts'

const { close, continuation, ping, text } = Opcode

let rigs: Rigs
beforeAll(async () => {
  rigs = await Rigs.open()
})
// Whatever a test does, no socket and no clock is left of its session.
afterEach(() => rigs.idle())
afterAll(() => rigs.close())

const clientClose = (code: number, reason = ''): Buffer =>
  clientFrame({ opcode: close, payload: closePayload(code, reason) })
const upstreamClose = (code: number, reason = ''): Buffer =>
  frame({ opcode: close, payload: closePayload(code, reason) })

/** Both ends answer the gateway's Close and leave, as well-behaved peers do. */
function leave({ client, upstream }: Rig): void {
  client.send(clientFrame({ opcode: close }))
  client.end()
  upstream.send(frame({ opcode: close }))
  upstream.end()
}

describe('passes frames on', () => {
  test('as they came, both ways, and counts them', async () => {
    const rig = await rigs.make()
    const up = Buffer.concat([
      clientFrame({ opcode: text, fin: false, payload: 'Hel' }),
      clientFrame({ opcode: ping, payload: 'p' }),
      clientFrame({ opcode: continuation, payload: 'lo' }),
    ])
    const down = Buffer.concat([frame({ payload: Buffer.alloc(200) }), frame({ opcode: ping })])
    rig.client.send(up)
    rig.upstream.send(down)
    expect(await rig.upstream.take(up.length)).toEqual(up)
    expect(await rig.client.take(down.length)).toEqual(down)
    rig.client.send(clientClose(1000))
    rig.upstream.send(upstreamClose(1000))
    await rig.upstream.close()
    rig.client.end()
    rig.upstream.end()
    expect(await rig.ended()).toMatchObject({
      received: { messages: 1, bytes: 5 },
      sent: { messages: 1, bytes: 200 },
    })
  })

  test('bytes that came with the handshakes first, once', async () => {
    const early = { client: clientFrame({ payload: 'a' }), upstream: frame({ payload: 'b' }) }
    const rig = await rigs.make({ early })
    rig.client.send(clientFrame({ payload: 'c' }))
    rig.upstream.send(frame({ payload: 'd' }))
    expect((await rig.upstream.frame()).payload.toString()).toBe('a')
    expect((await rig.upstream.frame()).payload.toString()).toBe('c')
    expect((await rig.client.frame()).payload.toString()).toBe('b')
    expect((await rig.client.frame()).payload.toString()).toBe('d')
    rig.client.end()
    await rig.upstream.close()
    leave(rig)
    await rig.outcome
  })

  test('that arrive byte by byte', async () => {
    const rig = await rigs.make()
    const whole = Buffer.concat([
      clientFrame({ fin: false, payload: Buffer.alloc(130, 7) }),
      clientFrame({ opcode: ping, payload: 'p' }),
      clientFrame({ opcode: continuation, payload: 'q' }),
      clientClose(4000, 'done'),
    ])
    for (const byte of whole) {
      rig.client.send(Buffer.from([byte]))
      await new Promise((resolve) => setImmediate(resolve))
    }
    expect(await rig.upstream.take(whole.length)).toEqual(whole)
    leave(rig)
    expect(await rig.ended()).toMatchObject({ closedBy: 'client', code: 4000, reason: 'done' })
  })

  test('with RSV1 where deflate was agreed', async () => {
    const rig = await rigs.make({ deflate: true })
    const compressed = clientFrame({ opcode: text, rsv: 0x40, payload: 'x' })
    rig.client.send(compressed)
    expect(await rig.upstream.take(compressed.length)).toEqual(compressed)
    leave(rig)
    await rig.outcome
  })
})

describe('(none): one side closes in good order', () => {
  test.each([
    ['a code and a reason', closePayload(4321, 'grüß'), 4321, 'grüß'],
    ['a code', closePayload(1000), 1000, ''],
    ['no code', '', 1005, ''],
  ])('the client, with %s', async (_, payload, code, reason) => {
    const rig = await rigs.make()
    const [request, answer] = [
      clientFrame({ opcode: close, payload }),
      frame({ opcode: close, payload }),
    ]
    rig.client.send(request)
    expect(await rig.upstream.take(request.length)).toEqual(request)
    rig.upstream.send(answer)
    // The server closes first: that is the gateway towards the client, and the upstream towards the gateway.
    expect(await rig.client.rest()).toEqual(answer)
    expect(rig.upstream.ended).toBe(false)
    rig.client.end()
    rig.upstream.end()
    expect(await rig.ended()).toMatchObject({ closedBy: 'client', code, reason, error: undefined })
  })

  test('the upstream', async () => {
    const rig = await rigs.make()
    rig.upstream.send(upstreamClose(1001, 'restart'))
    expect(await rig.client.close()).toBe('1001 restart')
    rig.client.send(clientClose(1001))
    expect(await rig.upstream.close()).toBe('1001')
    rig.upstream.end()
    await rig.client.rest()
    rig.client.end()
    expect(await rig.ended()).toMatchObject({ closedBy: 'upstream', code: 1001, reason: 'restart' })
  })

  test('frames of the other side before its answer still go through, nothing behind a Close does', async () => {
    const rig = await rigs.make()
    rig.client.send(clientClose(1000), clientFrame({ payload: 'late' }))
    expect(await rig.upstream.close()).toBe('1000')
    rig.upstream.send(frame({ payload: 'last' }), upstreamClose(1000), frame({ payload: 'late' }))
    expect((await rig.client.frame()).payload.toString()).toBe('last')
    expect(await rig.client.close()).toBe('1000')
    rig.client.end()
    rig.upstream.end()
    expect(await rig.client.rest()).toHaveLength(0)
    expect(await rig.upstream.rest()).toHaveLength(0)
    await rig.outcome
  })

  test('a reset behind a finished handshake is nothing', async () => {
    const rig = await rigs.make()
    rig.client.send(clientClose(1000, 'bye'))
    await rig.upstream.close()
    rig.upstream.send(upstreamClose(1000))
    expect(await rig.client.close()).toBe('1000')
    rig.client.reset()
    rig.upstream.reset()
    expect(await rig.ended()).toMatchObject({ closedBy: 'client', code: 1000, error: undefined })
  })

  test.each(['end', 'reset'] as const)(
    'an upstream that leaves by %s instead of answering: the client gets its own code',
    async (how) => {
      const rig = await rigs.make()
      rig.client.send(clientClose(4001, 'bye'))
      await rig.upstream.close()
      rig.upstream[how]()
      expect(await rig.client.close()).toBe('4001 bye')
      await rig.client.rest()
      rig.client.end()
      expect(await rig.ended()).toMatchObject({ closedBy: 'client', code: 4001, error: undefined })
    },
  )

  test.each(['end', 'reset'] as const)(
    'a client that leaves by %s instead of answering: the upstream gets its own code',
    async (how) => {
      const rig = await rigs.make()
      rig.upstream.send(upstreamClose(1012, 'bye'))
      await rig.client.close()
      rig.client[how]()
      expect(await rig.upstream.close()).toBe('1012 bye')
      rig.upstream.end()
      expect(await rig.ended()).toMatchObject({ closedBy: 'upstream', code: 1012, reason: 'bye' })
    },
  )

  test('an upstream that breaks a rule instead of answering: the client gets its own code', async () => {
    const rig = await rigs.make()
    rig.client.send(clientClose(4001))
    await rig.upstream.close()
    rig.upstream.send(frame({ payload: 'last' }), frame({ rsv: 0x20 }))
    expect((await rig.client.frame()).payload.toString()).toBe('last')
    expect(await rig.client.close()).toBe('4001')
    leave(rig)
    expect(await rig.ended()).toMatchObject({ closedBy: 'client', code: 4001, error: undefined })
  })

  test('a client that breaks a rule instead of answering: the upstream gets its own code', async () => {
    const rig = await rigs.make()
    rig.upstream.send(upstreamClose(1000, 'bye'))
    await rig.client.close()
    rig.client.send(frame({ payload: 'unmasked' }))
    expect(await rig.upstream.close()).toBe('1000 bye')
    leave(rig)
    expect(await rig.ended()).toMatchObject({ closedBy: 'upstream', code: 1000, error: undefined })
  })

  test('Closes that cross are both passed, and the first counts', async () => {
    const rig = await rigs.make()
    rig.client.send(clientClose(4001))
    rig.upstream.send(upstreamClose(4002))
    expect(await rig.upstream.close()).toBe('4001')
    expect(await rig.client.close()).toBe('4002')
    rig.client.end()
    rig.upstream.end()
    const { code, closedBy } = await rig.ended()
    expect([4001, 4002]).toContain(code)
    expect(closedBy).toBe(code === 4001 ? 'client' : 'upstream')
  })

  test('timeouts.closing bounds a handshake that the other side does not answer', async () => {
    const rig = await rigs.make({ timeouts: { closing: 60 } })
    rig.client.send(clientClose(1000, 'bye'))
    expect(await rig.client.close()).toBe('1000 bye')
    await rig.client.rest()
    await rig.upstream.rest()
    rig.client.end()
    rig.upstream.end()
    expect(await rig.ended()).toMatchObject({ closedBy: 'client', code: 1000, error: undefined })
  })

  test('timeouts.closing bounds the wait for the upstream’s FIN', async () => {
    const rig = await rigs.make({ timeouts: { closing: 60 } })
    rig.client.send(clientClose(1000))
    rig.upstream.send(upstreamClose(1000))
    await rig.client.rest()
    rig.client.end()
    await rig.upstream.rest()
    rig.upstream.end()
    await rig.outcome
  })
})

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

describe('what the gateway decides', () => {
  test.each<[Token, string, string]>([
    ['draining', '1001 draining', '1001 draining'],
    ['internal', '1011 internal', '1001 internal'],
    ['lifetime', '1001 lifetime', '1001 lifetime'],
    ['idle', '1001 idle', '1001 idle'],
  ])('%s: a Close to each side', async (token, toClient, toUpstream) => {
    const rig = await rigs.make()
    rig.session.close(new GatewayError(token, 'because'))
    rig.session.close(new GatewayError('internal', 'a second failure is not told'))
    expect(await rig.client.close()).toBe(toClient)
    const answer = await rig.upstream.frame()
    expect(answer).toMatchObject({ opcode: close, masked: true })
    expect(answer.payload.toString('utf8', 2)).toBe(toUpstream.split(' ')[1])
    leave(rig)
    expect(await rig.ended()).toMatchObject({ closedBy: 'gateway', reason: token, error: token })
  })

  test('a close that was asked for before the session was carried', async () => {
    const rig = await rigs.make({
      before: (session) => session.close(new GatewayError('draining', 'early')),
    })
    expect(await rig.client.close()).toBe('1001 draining')
    leave(rig)
    await rig.outcome
  })

  test('a close when it is over is nothing', async () => {
    const rig = await rigs.make()
    leave(rig)
    const before = await rig.ended()
    rig.session.close(new GatewayError('draining', 'late'))
    expect(await rig.ended()).toEqual(before)
  })

  test('idle: data frames count, control frames do not', async () => {
    const rig = await rigs.make({ timeouts: { idle: 80 } })
    const busy = setInterval(() => rig.client.send(clientFrame({ opcode: ping })), 10)
    expect(await rig.client.close()).toBe('1001 idle')
    clearInterval(busy)
    leave(rig)
    await rig.outcome
  })

  test('lifetime ends a session that is busy', async () => {
    const rig = await rigs.make({ timeouts: { lifetime: 80, idle: 1000 } })
    const busy = setInterval(() => rig.upstream.send(frame({ payload: 'x' })), 10)
    let last = await rig.client.frame()
    while (last.opcode !== close) last = await rig.client.frame()
    clearInterval(busy)
    expect(last.payload.toString('utf8', 2)).toBe('lifetime')
    leave(rig)
    await rig.outcome
  })

  test('what comes behind its Close is discarded', async () => {
    const rig = await rigs.make()
    rig.session.close(new GatewayError('draining', 'because'))
    await rig.client.close()
    await rig.upstream.close()
    rig.client.send(clientFrame({ payload: 'late' }))
    rig.upstream.send(frame({ payload: 'late' }))
    leave(rig)
    expect(await rig.client.rest()).toHaveLength(0)
    expect(await rig.upstream.rest()).toHaveLength(0)
    expect(await rig.ended()).toMatchObject({
      received: { messages: 0, bytes: 0 },
      sent: { messages: 0, bytes: 0 },
    })
  })

  test('peers that answer nothing are gone after timeouts.closing', async () => {
    const rig = await rigs.make({ timeouts: { closing: 60 } })
    rig.session.close(new GatewayError('draining', 'because'))
    await rig.client.rest()
    await rig.upstream.rest()
    rig.client.end()
    rig.upstream.end()
    expect(await rig.ended()).toMatchObject({ code: 1001, error: 'draining' })
  })

  test('a shorter time may be given, also later', async () => {
    const rig = await rigs.make({ timeouts: { closing: 100_000 } })
    rig.session.close(new GatewayError('draining', 'because'))
    await rig.client.close()
    rig.session.close(new GatewayError('draining', 'because'), { within: 30 })
    await rig.client.rest()
    await rig.upstream.rest()
    rig.client.end()
    rig.upstream.end()
    await rig.outcome
  })

  test('the end of the sweep is the end of what it looks at', async () => {
    const others = await Rigs.open()
    const rig = await others.make()
    others.sweep.stop()
    expect(await rig.ended()).toMatchObject({ code: 1006 })
    rig.client.end()
    rig.upstream.end()
    await others.idle()
    await others.close()
  })
})

describe('draining inside a message', () => {
  const [first, second] = [
    clientFrame({ fin: false, payload: 'first' }),
    clientFrame({ opcode: continuation, payload: 'second' }),
  ]

  test('waits for its end, and takes no further one', async () => {
    const rig = await rigs.make()
    rig.client.send(first)
    await rig.upstream.take(first.length)
    rig.session.close(new GatewayError('draining', 'because'))
    rig.client.send(second, clientFrame({ payload: 'another' }))
    expect(await rig.upstream.take(second.length)).toEqual(second)
    expect(await rig.upstream.close()).toBe('1001 draining')
    expect(await rig.client.close()).toBe('1001 draining')
    leave(rig)
    expect(await rig.ended()).toMatchObject({ received: { messages: 1, bytes: 11 } })
  })

  test('does not wait for long', async () => {
    const rig = await rigs.make({ timeouts: { closing: 100 } })
    rig.client.send(first)
    await rig.upstream.take(first.length)
    rig.session.close(new GatewayError('draining', 'because'))
    expect(await rig.upstream.close()).toBe('1001 draining')
    expect(await rig.client.close()).toBe('1001 draining')
    leave(rig)
    await rig.outcome
  })

  test('cuts only the side towards which a frame does not end', async () => {
    const rig = await rigs.make({ timeouts: { closing: 100 } })
    rig.client.send(first.subarray(0, 8))
    await rig.upstream.take(8)
    rig.session.close(new GatewayError('draining', 'because'))
    expect(await rig.client.close()).toBe('1001 draining')
    expect(await rig.upstream.rest()).toHaveLength(0)
    leave(rig)
    expect(await rig.ended()).toMatchObject({ code: 1001 })
  })

  test('a peer that closes meanwhile closes in its own name', async () => {
    const rig = await rigs.make()
    rig.client.send(first)
    await rig.upstream.take(first.length)
    rig.session.close(new GatewayError('draining', 'because'))
    rig.client.send(clientClose(4000, 'mine'))
    expect(await rig.upstream.close()).toBe('4000 mine')
    expect(await rig.client.close()).toBe('4000 mine')
    leave(rig)
    expect(await rig.ended()).toMatchObject({ closedBy: 'client', code: 4000, error: undefined })
  })

  test('a client that is lost meanwhile leaves the upstream its Close', async () => {
    const rig = await rigs.make()
    rig.client.send(first)
    await rig.upstream.take(first.length)
    rig.session.close(new GatewayError('draining', 'because'))
    rig.client.reset()
    expect(await rig.upstream.close()).toBe('1001 draining')
    leave(rig)
    expect(await rig.ended()).toMatchObject({ code: 1006, error: 'draining' })
  })
})

describe('upstream-lost', () => {
  const lost = { closedBy: 'upstream', error: 'upstream-lost' }

  test.each(['end', 'reset'] as const)('%s between frames: 1011', async (how) => {
    const rig = await rigs.make()
    rig.upstream.send(frame({ payload: 'last' }))
    expect((await rig.client.frame()).payload.toString()).toBe('last')
    rig.upstream[how]()
    expect(await rig.client.close()).toBe('1011 upstream-lost')
    rig.client.send(clientClose(1011))
    expect(await rig.client.rest()).toHaveLength(0)
    rig.client.end()
    expect(await rig.ended()).toMatchObject({ ...lost, code: 1011, reason: 'upstream-lost' })
  })

  test.each([1, 2, 3])(
    'end behind %i bytes of a header: nothing of the frame was sent, so 1011',
    async (count) => {
      const rig = await rigs.make()
      rig.upstream.send(frame({ payload: Buffer.alloc(300) }).subarray(0, count))
      rig.upstream.end()
      expect(await rig.client.close()).toBe('1011 upstream-lost')
      leave(rig)
      expect(await rig.ended()).toMatchObject(lost)
    },
  )

  test.each(['end', 'reset'] as const)(
    '%s inside a frame: what came, then FIN without a Close',
    async (how) => {
      const rig = await rigs.make()
      const part = frame({ payload: Buffer.alloc(300, 5) }).subarray(0, 100)
      rig.upstream.send(part)
      expect(await rig.client.take(part.length)).toEqual(part)
      rig.upstream[how]()
      expect(await rig.client.rest()).toHaveLength(0)
      expect(rig.client.wasReset).toBe(false)
      rig.client.end()
      expect(await rig.ended()).toMatchObject({ ...lost, code: 1006, reason: '' })
    },
  )
})

describe('client-lost', () => {
  const lost = { closedBy: 'client', code: 1006, reason: '', error: 'client-lost' }

  test.each(['end', 'reset'] as const)('%s between frames: 1001 to the upstream', async (how) => {
    const rig = await rigs.make()
    rig.client.send(clientFrame({ payload: 'last' }))
    await rig.upstream.frame()
    rig.client[how]()
    expect(await rig.upstream.close()).toBe('1001 client-lost')
    rig.upstream.send(upstreamClose(1001))
    rig.upstream.end()
    expect(await rig.client.rest()).toHaveLength(0)
    expect(await rig.ended()).toMatchObject(lost)
  })

  test.each(['end', 'reset'] as const)('%s inside a frame: the upstream is cut', async (how) => {
    const rig = await rigs.make()
    const part = clientFrame({ payload: Buffer.alloc(300) }).subarray(0, 100)
    rig.client.send(part)
    expect(await rig.upstream.take(part.length)).toEqual(part)
    rig.client[how]()
    expect(await rig.upstream.rest()).toHaveLength(0)
    rig.upstream.end()
    expect(await rig.ended()).toMatchObject(lost)
  })

  test('an upstream that does not answer is gone after timeouts.closing', async () => {
    const rig = await rigs.make({ timeouts: { closing: 60 } })
    rig.client.reset()
    expect(await rig.upstream.close()).toBe('1001 client-lost')
    await rig.upstream.rest()
    rig.upstream.end()
    await rig.outcome
  })
})

test('internal: a bug met while relaying ends its own session with 1011 and 1001, and no other', async () => {
  const rate = { count: 1, perMs: 60_000 }
  const failing = await rigs.make({
    limits: { controlFrameRate: { rate, burst: 1, over: 'log' } },
    onLimit: () => {
      throw new Error('a bug')
    },
  })
  const other = await rigs.make()
  failing.client.send(clientFrame({ opcode: ping }), clientFrame({ opcode: ping }))
  await failing.upstream.frame()
  expect(await failing.upstream.close()).toBe('1001 internal')
  expect(await failing.client.close()).toBe('1011 internal')
  leave(failing)
  expect(await failing.ended()).toMatchObject({
    closedBy: 'gateway',
    code: 1011,
    error: 'internal',
  })
  other.client.send(clientFrame({ payload: 'fine' }))
  expect((await other.upstream.frame()).payload.toString()).toBe('fine')
  leave(other)
  await other.outcome
})
