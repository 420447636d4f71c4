import { afterEach, describe, expect, test } from 'vitest'
import { Opcode } from '../../src/websocket/opcode.ts'
import { closeFrame, expectClose } from '../support/frame-run.ts'
import { clientFrame, frame } from '../support/frames.ts'
import { livePeer } from '../support/live-peer.ts'
import { bytes } from '../support/raw-client.ts'
import { RawGateway, turn } from '../support/raw-session.ts'
import type { RawSession } from '../support/raw-session.ts'

/** For what the clocks end. */
const closingMs = 1_200
/** For what ends by itself, however busy the machine is. */
const patientMs = 15_000
let gateway: RawGateway
afterEach(() => gateway.stop())

const part = (payload: string, opcode: number = Opcode.text): Buffer =>
  clientFrame({ opcode, fin: false, payload })
const last = (payload: string): Buffer => clientFrame({ opcode: Opcode.continuation, payload })

describe('draining', () => {
  test('both sides get their Close at once where nothing is in progress', async () => {
    const { session, drained } = await drainOne()
    expect(await ended(session)).toEqual([
      ['close 1001 draining', 'fin'],
      ['close 1001 draining', 'fin'],
    ])
    expect(await record(session)).toEqual(drainedWith(1001))
    await drained()
  })

  test('the end of the client’s message is waited for, by both sides', async () => {
    const { session, drained } = await drainOne(async ({ client, upstream }) => {
      client.send(part('a'))
      await upstream.take(part('a').length)
    })
    await turn()
    expect([session.client.received.length, session.upstream.received.length]).toEqual([0, 0])
    session.client.send(Buffer.concat([last('b'), clientFrame({ payload: 'too late' })]))
    expect(await ended(session)).toEqual([
      ['close 1001 draining', 'fin'],
      ['continuation b', 'close 1001 draining', 'fin'],
    ])
    expect(await session.closed()).toMatchObject({ received: { messages: 1, bytes: 2 } })
    await drained()
  })

  test('the end of the upstream’s message is waited for, by both sides', async () => {
    const { session, drained } = await drainOne(async ({ client, upstream }) => {
      upstream.send(bytes('0101 61'))
      await client.take(3)
    })
    await turn()
    expect([session.client.received.length, session.upstream.received.length]).toEqual([0, 0])
    session.upstream.send(bytes('0001 62'))
    expect(await session.client.take(3)).toEqual(bytes('0001 62'))
    session.upstream.send(bytes('8001 63 8101 64'))
    const [client] = await ended(session)
    expect(client).toEqual(['continuation c', 'close 1001 draining', 'fin'])
    await drained()
  })

  test('a message that goes on for too long is ended at the next frame', async () => {
    const { session, drained, elapsed } = await drainOne(async ({ client, upstream }) => {
      client.send(part('a'))
      await upstream.take(part('a').length)
    }, closingMs)
    const seen = await ended(session)
    expect(seen).toEqual([
      ['close 1001 draining', 'fin'],
      ['close 1001 draining', 'fin'],
    ])
    expect(elapsed()).toBeGreaterThan(closingMs / 8)
    await drained()
  })

  test('a frame that is never finished is cut without a Close, after half of `closing`', async () => {
    const { session, drained, elapsed } = await drainOne(async ({ client, upstream }) => {
      client.send(bytes('8284 00000000 6162'))
      await upstream.take(8)
    }, closingMs)
    await expectClose(session.client, 'client', 1001, 'draining')
    expect(await livePeer(session.upstream, 'upstream')).toEqual(['fin'])
    expect(elapsed()).toBeGreaterThanOrEqual(closingMs / 2)
    session.client.end()
    expect(await record(session)).toEqual(drainedWith(1001, true))
    await drained()
  })

  test('a frame that ends in time gets its Close behind it', async () => {
    const { session, drained } = await drainOne(async ({ client, upstream }) => {
      upstream.send(bytes('8204 6162'))
      await client.take(4)
    })
    await turn()
    session.upstream.send(bytes('6364'))
    expect(await session.client.take(2)).toEqual(bytes('6364'))
    expect(await ended(session)).toEqual([
      ['close 1001 draining', 'fin'],
      ['close 1001 draining', 'fin'],
    ])
    await drained()
  })

  test('peers that do not answer hold nothing up beyond `closing`', async () => {
    const { session, drained } = await drainOne(undefined, closingMs)
    await expectClose(session.client, 'client', 1001, 'draining')
    await expectClose(session.upstream, 'upstream', 1001, 'draining')
    await drained()
    expect(await record(session)).toEqual(drainedWith(1001, true))
    session.client.destroy()
    session.upstream.destroy()
  })

  test('a client’s own Close inside the message that is waited for goes through, and counts', async () => {
    const { session, drained } = await drainOne(async ({ client, upstream }) => {
      client.send(part('a'))
      await upstream.take(part('a').length)
    })
    const close = closeFrame('client', 4000, 'mine')
    session.client.send(close)
    expect(await session.upstream.take(close.length)).toEqual(close)
    session.upstream.send(closeFrame('upstream', 4000, 'mine'))
    session.upstream.end()
    expect(await livePeer(session.client, 'client')).toEqual(['close 4000 mine', 'fin'])
    expect(await record(session)).toEqual({
      closedBy: 'client',
      code: 4000,
      reason: 'mine',
      error: undefined,
    })
    await drained()
  })

  test('what a peer sends after our Close is discarded, its Close is found behind it', async () => {
    const { session, drained } = await drainOne()
    await expectClose(session.client, 'client', 1001, 'draining')
    await expectClose(session.upstream, 'upstream', 1001, 'draining')
    session.client.send(clientFrame({ payload: Buffer.alloc(1 << 20) }))
    session.client.send(closeFrame('client', 1001))
    session.upstream.send(frame({ payload: Buffer.alloc(1 << 20) }))
    session.upstream.send(closeFrame('upstream', 1001))
    session.upstream.end()
    expect(await session.client.closed()).toHaveLength(0)
    expect(await session.upstream.closed()).toHaveLength(0)
    session.client.end()
    expect(await record(session)).toEqual(drainedWith(1001))
    await drained()
  })

  test('on a bridge the client gets 1001 and the backend FIN', async () => {
    gateway = await RawGateway.bridge({ timeouts: { closing: `${patientMs}ms` } })
    const session = await gateway.open()
    const drained = gateway.running.gateway.drain()
    expect(await livePeer(session.client, 'client')).toEqual(['close 1001 draining', 'fin'])
    expect(await session.upstream.closed()).toHaveLength(0)
    expect(session.upstream.wasReset).toBe(false)
    session.upstream.end()
    expect(await record(session)).toEqual(drainedWith(1001))
    await drained
  })

  test('a hundred sessions all get theirs', async () => {
    gateway = await RawGateway.relay({ timeouts: { closing: `${patientMs}ms` } })
    const sessions = []
    for (let i = 0; i < 100; i++) sessions.push(await gateway.open())
    const drained = gateway.running.gateway.drain()
    const seen = await Promise.all(sessions.map(async (session) => await ended(session)))
    expect(new Set(seen.flat(2))).toEqual(new Set(['close 1001 draining', 'fin']))
    await drained
  })
})

interface Drained {
  readonly session: RawSession
  readonly drained: () => Promise<void>
  /** Milliseconds since the drain began. */
  readonly elapsed: () => number
}

/** Opens a session, does something with it, and begins the drain. */
async function drainOne(
  before: (session: RawSession) => Promise<void> = async () => await Promise.resolve(),
  ms = patientMs,
): Promise<Drained> {
  gateway = await RawGateway.relay({ timeouts: { closing: `${ms}ms` } })
  const session = await gateway.open()
  await before(session)
  const began = performance.now()
  const drained = gateway.running.gateway.drain()
  return {
    session,
    drained: async () => await drained,
    elapsed: () => performance.now() - began,
  }
}

async function ended({ client, upstream }: RawSession): Promise<[string[], string[]]> {
  return await Promise.all([livePeer(client, 'client'), livePeer(upstream, 'upstream')])
}

async function record(session: RawSession): Promise<Record<string, unknown>> {
  const { closedBy, code, reason, error, expired } = await session.closed()
  return { closedBy, code, reason, error, expired }
}

function drainedWith(code: number, expired?: true): Record<string, unknown> {
  return { closedBy: 'gateway', code, reason: 'draining', error: 'draining', expired }
}
