import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { Opcode } from '../../../src/websocket/opcode.ts'
import { clientFrame, closePayload, frame } from '../../support/frames.ts'
import { Rigs } from './rig.ts'
import { clientClose, leave, upstreamClose } from './closes.ts'

const { close, continuation, ping, text } = Opcode

let rigs: Rigs
beforeAll(async () => {
  rigs = await Rigs.open()
})
// Whatever a test does, no socket and no clock is left of its session.
afterEach(() => rigs.idle())
afterAll(() => rigs.close())

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
    // The server closes first: that is the gateway towards the client, and the upstream towards the
    // gateway.
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
