import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { GatewayError } from '../../../src/errors.ts'
import type { Token } from '../../../src/errors.ts'
import { Opcode } from '../../../src/websocket/opcode.ts'
import { clientFrame, frame } from '../../support/frames.ts'
import { Rigs } from './rig.ts'
import { clientClose, leave, upstreamClose } from './closes.ts'

const { close, continuation, ping } = Opcode

let rigs: Rigs
beforeAll(async () => {
  rigs = await Rigs.open()
})
// Whatever a test does, no socket and no clock is left of its session.
afterEach(() => rigs.idle())
afterAll(() => rigs.close())

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
    expect(await rig.ended()).toMatchObject({
      closedBy: 'gateway',
      reason: token,
      error: token,
      expired: false,
    })
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
    expect(await rig.ended()).toMatchObject({ code: 1001, error: 'draining', expired: true })
  })

  test('a peer whose Close nobody answers gets its own after timeouts.closing', async () => {
    const rig = await rigs.make({ timeouts: { closing: 60 } })
    rig.client.send(clientClose(4000, 'done'))
    expect(await rig.upstream.close()).toBe('4000 done')
    expect(await rig.client.close()).toBe('4000 done')
    rig.client.end()
    rig.upstream.end()
    expect(await rig.ended()).toMatchObject({ closedBy: 'client', code: 4000, expired: true })
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
    expect(await rig.ended()).toMatchObject({ code: 1001, expired: true })
  })

  test('the end of the sweep is the end of what it looks at', async () => {
    const others = await Rigs.open()
    const rig = await others.make()
    others.sweep.stop()
    expect(await rig.ended()).toMatchObject({ code: 1006, expired: false })
    rig.client.end()
    rig.upstream.end()
    await others.idle()
    await others.close()
  })

  test('the end of the sweep cuts what has begun to end', async () => {
    const others = await Rigs.open()
    const rig = await others.make()
    rig.session.close(new GatewayError('draining', 'because'))
    expect(await rig.client.close()).toBe('1001 draining')
    others.sweep.stop()
    expect(await rig.ended()).toMatchObject({ code: 1001, error: 'draining', expired: true })
    rig.client.end()
    rig.upstream.end()
    await others.idle()
    await others.close()
  })
})

describe('draining inside a message', () => {
  /** Nothing of it comes by itself while a test runs. */
  const closing = 1_000_000

  /** Lets the clocks see a time to come, and both ends what is done by then. */
  async function lookAhead(ms: number): Promise<void> {
    rigs.sweep.tick(performance.now() + ms)
    await rigs.ticks(3)
  }

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

  test('waits for three eighths of the time, then for the frame only', async () => {
    const rig = await rigs.make({ timeouts: { closing } })
    rig.client.send(first)
    await rig.upstream.take(first.length)
    rig.session.close(new GatewayError('draining', 'because'))
    await lookAhead(closing * 0.36)
    expect(rig.upstream.received).toHaveLength(0)
    await lookAhead(closing * 0.39)
    expect(await rig.upstream.close()).toBe('1001 draining')
    expect(await rig.client.close()).toBe('1001 draining')
    leave(rig)
    expect(await rig.ended()).toMatchObject({ code: 1001, expired: false })
  })

  test('cuts only the side towards which a frame does not end', async () => {
    const rig = await rigs.make({ timeouts: { closing } })
    rig.client.send(first.subarray(0, 8))
    await rig.upstream.take(8)
    rig.session.close(new GatewayError('draining', 'because'))
    await lookAhead(closing * 0.49)
    expect(rig.upstream.ended).toBe(false)
    await lookAhead(closing * 0.51)
    expect(await rig.client.close()).toBe('1001 draining')
    expect(await rig.upstream.rest()).toHaveLength(0)
    leave(rig)
    expect(await rig.ended()).toMatchObject({ code: 1001, expired: true })
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
    expect(await rig.ended()).toMatchObject({ ...lost, expired: true })
  })
})
