import { EventEmitter, once } from 'node:events'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { closeFrame } from '../support/frame-run.ts'
import { clientFrame, frame } from '../support/frames.ts'
import { proxyTo, startGateway } from '../support/gateway.ts'
import type { RunningGateway } from '../support/gateway.ts'
import { livePeer } from '../support/live-peer.ts'
import { rawServer } from '../support/peers.ts'
import { bytes, RawClient, upgradeHead } from '../support/raw-client.ts'
import { RawGateway } from '../support/raw-session.ts'
import type { RawSession } from '../support/raw-session.ts'

const timeouts = { closing: '300ms' }
const rounds = 8

/**
 * Every way to end a session that a peer can choose; what is left open on purpose ends by
 * `timeouts.closing`.
 */
const endings: Record<string, (session: RawSession) => void> = {
  'a Close of the client': ({ client }) => client.send(closeFrame('client', 1000)),
  'a Close of the upstream': ({ upstream }) => upstream.send(closeFrame('upstream', 1000)),
  'a Close that the client does not wait for': ({ client }) => {
    client.send(closeFrame('client', 1000))
    client.destroy()
  },
  'a FIN of the client': ({ client }) => client.end(),
  'a FIN of the upstream': ({ upstream }) => upstream.end(),
  'a reset of the client': ({ client }) => client.reset(),
  'a reset of the upstream': ({ upstream }) => upstream.reset(),
  'a FIN of both': ({ client, upstream }) => {
    client.end()
    upstream.end()
  },
  'a reset of both': ({ client, upstream }) => {
    client.reset()
    upstream.reset()
  },
  'a reset inside a frame of the upstream': ({ client, upstream }) => {
    upstream.send(bytes('82 7e 1000 61'))
    client.socket.once('data', () => upstream.reset())
  },
  'a reset inside a frame of the client': ({ client }) => {
    client.send(bytes('82 fe 1000 00000000 61'))
    client.reset()
  },
  'a violation of the client': ({ client }) => client.send(bytes('81 00')),
  'a violation of the upstream': ({ upstream }) => upstream.send(bytes('83 00')),
  'a client that stops reading, then resets': ({ client, upstream }) => {
    client.socket.pause()
    upstream.send(frame({ payload: Buffer.alloc(1 << 20) }))
    client.reset()
  },
  'an upstream that stops reading, then resets': ({ client, upstream }) => {
    upstream.socket.pause()
    client.send(clientFrame({ payload: Buffer.alloc(1 << 19) }))
    upstream.reset()
  },
}

/** To a bridge these are bytes like any others. */
const ofWebSocketUpstreams = new Set(['a Close of the upstream', 'a violation of the upstream'])

describe.each(['relay', 'bridge'] as const)('after sessions of a %s', (kind) => {
  let gateway: RawGateway
  beforeAll(async () => {
    gateway = await RawGateway[kind]({ timeouts })
  })
  afterAll(() => gateway.stop())

  test('that ended in every way, nothing is left', async () => {
    const before = resources()
    for (let round = 0; round < rounds; round++) {
      const sessions: RawSession[] = []
      for (const [name, end] of Object.entries(endings)) {
        if (kind === 'bridge' && ofWebSocketUpstreams.has(name)) continue
        const session = await gateway.open()
        sessions.push(session)
        end(session)
        void livePeer(session.client, 'client')
        void (kind === 'relay' ? livePeer(session.upstream, 'upstream') : drain(session.upstream))
      }
      await Promise.all(sessions.map(async (session) => await session.closed()))
      for (const { client, upstream } of sessions) {
        client.destroy()
        upstream.destroy()
      }
    }
    await expectNothingLeft(gateway.running, before)
    expect(gateway.upstreamSockets).toBe(0)
  })

  test('of peers that neither answer nor leave, nothing is left', async () => {
    const before = resources()
    const sessions: RawSession[] = []
    for (let i = 0; i < 50; i++) {
      const session = await gateway.open()
      sessions.push(session)
      session.client.send(i % 2 === 0 ? closeFrame('client', 1000) : bytes('81 00'))
    }
    await Promise.all(sessions.map(async (session) => await session.closed()))
    expect(connectionsOf(await gateway.running.metrics.render())).toEqual({ open: 0, sessions: 0 })
    for (const { client, upstream } of sessions) {
      client.destroy()
      upstream.destroy()
    }
    await expectNothingLeft(gateway.running, before)
  })
})

/** What an upstream may do instead of a handshake. */
const upstreams: Record<
  string,
  { status: number; error?: string; act: (socket: RawClient) => void }
> = {
  'is silent': { status: 504, error: 'upstream-timeout', act: () => undefined },
  'ends at once': { status: 502, error: 'upstream-lost', act: (socket) => socket.end() },
  'resets at once': { status: 502, error: 'upstream-lost', act: (socket) => socket.reset() },
  'ends inside its head': {
    status: 502,
    error: 'upstream-lost',
    act: (socket) => {
      socket.send('HTTP/1.1 101 Switch')
      socket.end()
    },
  },
  'sends garbage': {
    status: 502,
    error: 'upstream-invalid',
    act: (socket) => socket.send('\0\0\0\0\r\n\r\n'),
  },
  'has a wrong Accept': {
    status: 502,
    error: 'upstream-handshake',
    act: (socket) =>
      socket.send(
        'HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: bm8=\r\n\r\n',
      ),
  },
  'answers 200': {
    status: 200,
    act: (socket) => socket.send('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nno'),
  },
  'answers 403': {
    status: 403,
    act: (socket) => socket.send('HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n'),
  },
}

describe('after upgrades that failed', () => {
  test.each(Object.entries(upstreams))(
    'at an upstream that %s',
    async (_, { status, error, act }) => {
      const arrived: RawClient[] = []
      const server = await rawServer((socket) => {
        const upstream = new RawClient(socket)
        arrived.push(upstream)
        void upstream.head().then(
          () => act(upstream),
          () => undefined,
        )
      })
      const running = await startGateway(
        proxyTo(`http://127.0.0.1:${server.port}`, {
          timeouts,
          upstreams: {
            app: {
              servers: [`http://127.0.0.1:${server.port}`],
              timeouts: { handshake: '100ms', connect: '100ms' },
            },
          },
        }),
      )
      const before = resources()
      const clients = await Promise.all(
        Array.from({ length: 20 }, async () => {
          const client = await RawClient.connect(running.port())
          client.send(upgradeHead('/'))
          expect((await client.head()).status).toBe(status)
          await client.closed()
          client.end()
          return client
        }),
      )
      if (error !== undefined) await running.log.line('refused', { error, status })
      await Promise.all(clients.map(async ({ socket }) => await gone(socket)))
      for (const upstream of arrived) {
        await upstream.closed()
        upstream.end()
      }
      await expectNothingLeft(running, before)
      running.stop()
      server.close()
    },
  )

  test('at an upstream that is dead', async () => {
    const server = await rawServer(() => undefined)
    server.close()
    const running = await startGateway(proxyTo(`http://127.0.0.1:${server.port}`))
    const before = resources()
    for (let i = 0; i < 20; i++) {
      const client = await RawClient.connect(running.port())
      client.send(upgradeHead('/'))
      expect((await client.head()).status).toBe(502)
      await client.closed()
      client.end()
      await gone(client.socket)
    }
    await expectNothingLeft(running, before)
    running.stop()
  })

  test('because the client went during the dial', async () => {
    const dialed: RawClient[] = []
    const arrivals = new EventEmitter()
    const server = await rawServer((socket) => {
      dialed.push(new RawClient(socket))
      arrivals.emit('dialed')
    })
    const running = await startGateway(proxyTo(`http://127.0.0.1:${server.port}`))
    const before = resources()
    for (let i = 0; i < 20; i++) {
      const next = once(arrivals, 'dialed')
      const client = await RawClient.connect(running.port())
      client.send(upgradeHead('/'))
      await next
      if (i % 2 === 0) client.reset()
      else client.end()
      await gone(client.socket)
    }
    for (const upstream of dialed) {
      await upstream.closed()
      upstream.end()
    }
    await expectNothingLeft(running, before)
    running.stop()
    server.close()
  })
})

/** A backend that reads until its end, and ends then. */
async function drain(backend: RawClient): Promise<void> {
  await backend.closed()
  backend.end()
}

async function gone(socket: { readonly closed: boolean; destroy(): unknown }): Promise<void> {
  if (!socket.closed) await once(socket as never, 'close')
}

/**
 * What keeps this process alive, by kind; both ends of every socket are in it. One timer may be the
 * test runner's, which looks again by one; sessions that left theirs would leave many.
 */
function resources(): Record<string, number> {
  const counts: Record<string, number> = {}
  for (const kind of process.getActiveResourcesInfo()) counts[kind] = (counts[kind] ?? 0) + 1
  return {
    sockets: (counts['TCPSocketWrap'] ?? 0) + (counts['TLSWrap'] ?? 0),
    timers: Math.max(0, (counts['Timeout'] ?? 0) - 1),
    connects: counts['TCPConnectWrap'] ?? 0,
    lookups: counts['GetAddrInfoReqWrap'] ?? 0,
  }
}

/**
 * Sockets of this process close a turn or two after the gateway has told of them; a leak never
 * does.
 */
async function expectNothingLeft(
  running: RunningGateway,
  before: Record<string, number>,
): Promise<void> {
  await expect
    .poll(async () => ({ ...resources(), ...connectionsOf(await running.metrics.render()) }), {
      timeout: 5_000,
      interval: 20,
    })
    .toEqual({ ...before, open: 0, sessions: 0 })
}

function connectionsOf(metrics: string): { open: number; sessions: number } {
  const sum = (name: string): number =>
    metrics
      .split('\n')
      .filter((line) => line.startsWith(`drawbridge_${name}{`))
      .reduce((all, line) => all + Number(line.split(' ')[1]), 0)
  return { open: sum('connections_open'), sessions: sum('sessions_open') }
}
