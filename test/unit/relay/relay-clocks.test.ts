import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { Opcode } from '../../../src/websocket/opcode.ts'
import { clientFrame, frame } from '../../support/frames.ts'
import { Rigs } from './rig.ts'
import type { End, Rig } from './rig.ts'

const { close, continuation, ping, pong } = Opcode

let rigs: Rigs
beforeAll(async () => {
  rigs = await Rigs.open()
})
afterEach(() => rigs.idle())
afterAll(() => rigs.close())

/** Answers Pings until something else comes. @returns that, and how many Pings came before */
async function answerPings(
  end: End,
  toFrame: typeof frame,
): Promise<{ opcode: number; reason: string; pings: number }> {
  for (let pings = 0; ; pings++) {
    const { opcode, payload } = await end.frame()
    if (opcode !== ping) return { opcode, reason: payload.toString('utf8', 2), pings }
    end.send(toFrame({ opcode: pong, payload }))
  }
}

function leave({ client, upstream }: Rig): void {
  client.send(clientFrame({ opcode: close }))
  client.end()
  upstream.send(frame({ opcode: close }))
  upstream.end()
}

describe('client-silent', () => {
  test('a client that answers no ping gets 1001, the upstream too', async () => {
    const rig = await rigs.make({ timeouts: { ping: 30, pong: 40 } })
    const upstream = answerPings(rig.upstream, frame)
    const sent = await rig.client.frame()
    expect(sent).toMatchObject({ opcode: ping, masked: false })
    expect(await rig.client.close()).toBe('1001 client-silent')
    expect(await upstream).toMatchObject({ opcode: close, reason: 'client-silent' })
    leave(rig)
    expect(await rig.ended()).toMatchObject({
      closedBy: 'gateway',
      code: 1001,
      error: 'client-silent',
    })
  })
})

describe('client-silent, while its upstream keeps talking', () => {
  test.each(['tcp', 'tls1.3'] as const)(
    'on %s: bytes for the client are no life of its',
    async (transport) => {
      const own = await Rigs.open(transport)
      const rig = await own.make({ unread: 'client', timeouts: { ping: 30, pong: 60 } })
      const talk = { over: false }
      const upstream = answerPings(rig.upstream, frame).finally(() => {
        talk.over = true
      })
      while (!talk.over) {
        rig.upstream.send(frame({ payload: 'tick' }))
        await own.ticks(1)
      }
      expect(await upstream).toMatchObject({ opcode: close, reason: 'client-silent' })
      rig.client.read()
      leave(rig)
      expect(await rig.ended()).toMatchObject({ closedBy: 'gateway', error: 'client-silent' })
      await own.idle()
      await own.close()
    },
  )
})

describe('upstream-silent', () => {
  test('an upstream that answers no ping gets 1001, the client 1011', async () => {
    const rig = await rigs.make({ timeouts: { ping: 30, pong: 40 } })
    const client = answerPings(rig.client, clientFrame)
    const sent = await rig.upstream.frame()
    expect(sent).toMatchObject({ opcode: ping, masked: true })
    expect(await rig.upstream.close()).toBe('1001 upstream-silent')
    expect(await client).toMatchObject({ opcode: close, reason: 'upstream-silent' })
    leave(rig)
    expect(await rig.ended()).toMatchObject({ code: 1011, error: 'upstream-silent' })
  })
})

describe('our pings', () => {
  test('keep a session of silent but living peers, and their pongs are swallowed', async () => {
    const rig = await rigs.make({ timeouts: { ping: 20, pong: 500 } })
    const [client, upstream] = [
      answerPings(rig.client, clientFrame),
      answerPings(rig.upstream, frame),
    ]
    await rigs.ticks(60)
    rig.client.send(clientFrame({ payload: 'still here' }))
    const seen = await upstream
    expect(seen.opcode).toBe(Opcode.binary)
    expect(seen.pings).toBeGreaterThan(1)
    rig.upstream.send(frame({ payload: 'here too' }))
    expect((await client).opcode).toBe(Opcode.binary)
    leave(rig)
    await rig.outcome
  })

  test('are not counted as the peer’s control frames', async () => {
    const controlFrameRate = {
      rate: { count: 1, perMs: 3_600_000 },
      burst: 1,
      over: 'close',
    } as const
    const rig = await rigs.make({
      timeouts: { ping: 10, pong: 500 },
      limits: { controlFrameRate },
    })
    const [client, upstream] = [
      answerPings(rig.client, clientFrame),
      answerPings(rig.upstream, frame),
    ]
    await rigs.ticks(40)
    rig.client.send(clientFrame({ payload: 'x' }))
    rig.upstream.send(frame({ payload: 'x' }))
    expect((await client).pings).toBeGreaterThan(2)
    expect((await upstream).opcode).toBe(Opcode.binary)
    leave(rig)
    await rig.outcome
  })

  test('are not due while something comes', async () => {
    const rig = await rigs.make({ timeouts: { ping: 60, pong: 60 } })
    for (let i = 0; i < 30; i++) {
      rig.client.send(clientFrame({ opcode: pong, payload: 'unasked' }))
      rig.upstream.send(frame({ opcode: pong, payload: 'unasked' }))
      await rigs.ticks(2)
    }
    for (let i = 0; i < 30; i++) {
      // A peer's own pongs pass through.
      expect(await rig.client.frame()).toMatchObject({ opcode: pong })
      expect(await rig.upstream.frame()).toMatchObject({ opcode: pong })
    }
    leave(rig)
    await rig.outcome
  })

  test('never stand inside a frame that is being forwarded', async () => {
    const rig = await rigs.make({ timeouts: { ping: 10, pong: Infinity } })
    const whole = frame({ payload: Buffer.alloc(100, 3) })
    expect((await rig.client.frame()).opcode).toBe(ping)
    rig.client.send(clientFrame({ payload: 'alive' }))
    rig.upstream.send(whole.subarray(0, 50))
    const begin = await rig.client.take(50)
    await rigs.ticks(20)
    expect(rig.client.received).toHaveLength(0)
    rig.upstream.send(whole.subarray(50))
    const end = await rig.client.take(whole.length - 50)
    expect(Buffer.concat([begin, end])).toEqual(whole)
    expect((await rig.client.frame()).opcode).toBe(ping)
    leave(rig)
    await rig.outcome
  })

  test('may stand between the fragments of a message', async () => {
    const rig = await rigs.make({ timeouts: { ping: 10, pong: Infinity } })
    rig.upstream.send(frame({ fin: false, payload: 'a' }))
    const opcodes = []
    for (let i = 0; i < 2; i++) opcodes.push((await rig.client.frame()).opcode)
    expect(new Set(opcodes)).toEqual(new Set([Opcode.binary, ping]))
    rig.upstream.send(frame({ opcode: continuation, payload: 'b' }))
    let last = await rig.client.frame()
    while (last.opcode === ping) last = await rig.client.frame()
    expect(last.payload.toString()).toBe('b')
    leave(rig)
    await rig.outcome
  })
})

test('the clock of a peer that we do not read from stands', async () => {
  // Nobody takes it, so that the client is paused with more to say than all buffers hold.
  const flood = clientFrame({ payload: Buffer.alloc(32 << 20) })
  const [begin, rest] = [flood.subarray(0, 1024), flood.subarray(1024)]
  const rig = await rigs.make({
    unread: 'upstream',
    timeouts: { ping: 40, pong: 40 },
    // Within a frame from the start, so that the upstream gets no Ping that it would not answer.
    early: { client: begin },
  })
  rig.client.send(rest)
  await rigs.ticks(100)
  expect(rig.client.received).toHaveLength(0)
  expect(rig.client.ended).toBe(false)
  rig.upstream.read()
  expect((await rig.upstream.take(flood.length)).equals(flood)).toBe(true)
  leave(rig)
  await rig.outcome
})

describe('client-stalled', () => {
  test('a client that takes nothing is cut, the upstream gets 1001', async () => {
    const rig = await rigs.make({ unread: 'client', timeouts: { stall: 80 } })
    const bulk = frame({ payload: Buffer.alloc(1 << 20) })
    for (let i = 0; i < 32; i++) rig.upstream.send(bulk)
    expect(await rig.upstream.close()).toBe('1001 client-stalled')
    rig.client.read()
    await rig.client.rest()
    expect(rig.client.wasReset).toBe(true)
    leave(rig)
    expect(await rig.ended()).toMatchObject({
      closedBy: 'gateway',
      code: 1006,
      error: 'client-stalled',
    })
  })

  test('one that is slow is not', async () => {
    const rig = await rigs.make({ unread: 'client', timeouts: { stall: 600 } })
    const bulk = frame({ payload: Buffer.alloc(24 << 20) })
    rig.upstream.send(bulk)
    rig.client.socket.on('data', () => {
      rig.client.socket.pause()
      setImmediate(() => rig.client.socket.resume())
    })
    rig.client.read()
    expect((await rig.client.take(bulk.length)).equals(bulk)).toBe(true)
    leave(rig)
    await rig.outcome
  })
})

test('upstream-stalled: the upstream is cut, the client gets 1011', async () => {
  const rig = await rigs.make({ unread: 'upstream', timeouts: { stall: 80 } })
  const bulk = clientFrame({ payload: Buffer.alloc(1 << 20) })
  for (let i = 0; i < 32; i++) rig.client.send(bulk)
  expect(await rig.client.close()).toBe('1011 upstream-stalled')
  rig.upstream.read()
  await rig.upstream.rest()
  leave(rig)
  expect(await rig.ended()).toMatchObject({ code: 1011, error: 'upstream-stalled' })
})
