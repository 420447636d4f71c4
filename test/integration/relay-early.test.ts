import { once } from 'node:events'
import { connect } from 'node:net'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { acceptKey } from '../../src/websocket/accept-key.ts'
import { closeFrame, expectClose } from '../support/frame-run.ts'
import { clientFrame, frame } from '../support/frames.ts'
import { proxyTo, startGateway } from '../support/gateway.ts'
import type { RunningGateway } from '../support/gateway.ts'
import { livePeer } from '../support/live-peer.ts'
import { rawServer } from '../support/peers.ts'
import type { Peer } from '../support/peers.ts'
import { bytes, RawClient, upgradeHead } from '../support/raw-client.ts'
import { RawGateway, turn } from '../support/raw-session.ts'

/** Frames that do not wait for the 101, or come in one piece with it. */
let running: RunningGateway
let server: Peer
let dialed: (upstream: RawClient) => void
beforeAll(async () => {
  server = await rawServer((socket) => dialed(new RawClient(socket)))
  running = await startGateway(
    proxyTo(`http://127.0.0.1:${server.port}`, { limits: { message: 'none' } }),
  )
})
afterAll(() => {
  running.stop()
  server.close()
})

/** Sends the head and what is to follow it in one write, as a client must not but may. */
async function begin(early: Buffer): Promise<{
  client: RawClient
  upstream: RawClient
  accept: (more?: Buffer) => Promise<void>
}> {
  const arrived = new Promise<RawClient>((resolve) => {
    dialed = resolve
  })
  const socket = connect({ port: running.port(), host: '127.0.0.1', allowHalfOpen: true })
  await once(socket, 'connect')
  const client = new RawClient(socket)
  client.send(Buffer.concat([Buffer.from(upgradeHead('/early')), early]))
  const upstream = await arrived
  const { text } = await upstream.head()
  const key = /^sec-websocket-key: (.*)$/im.exec(text)?.[1] ?? ''
  const lines = `Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${acceptKey(key)}`
  return {
    client,
    upstream,
    accept: async (more = Buffer.alloc(0)) => {
      const answer = Buffer.from(`HTTP/1.1 101 Switching Protocols\r\n${lines}\r\n\r\n`)
      upstream.send(Buffer.concat([answer, more]))
      expect((await client.head()).status).toBe(101)
    },
  }
}

describe('behind the client’s head', () => {
  test.each([0, 1, 3, 7, 12, 70_000])(
    'a frame, of which %i bytes come at once, is held until the 101 and arrives once',
    async (first) => {
      const whole = clientFrame({ payload: Buffer.alloc(100_000, 'x') })
      const { client, upstream, accept } = await begin(whole.subarray(0, first))
      await turn()
      expect(upstream.received).toHaveLength(0)
      client.send(whole.subarray(first))
      await turn()
      expect(upstream.received).toHaveLength(0)
      await accept()
      expect((await upstream.take(whole.length)).equals(whole)).toBe(true)
      client.send(closeFrame('client', 1000))
      expect(await upstream.take(8)).toEqual(closeFrame('client', 1000))
      upstream.send(closeFrame('upstream', 1000))
      upstream.end()
      expect(await livePeer(client, 'client')).toEqual(['close 1000', 'fin'])
      expect(await upstream.closed()).toHaveLength(0)
    },
  )

  test('a megabyte waits, and arrives whole', async () => {
    const whole = clientFrame({ payload: Buffer.alloc(1 << 20, 'y') })
    const { client, upstream, accept } = await begin(whole)
    await turn()
    await accept()
    expect((await upstream.take(whole.length)).equals(whole)).toBe(true)
    client.end()
    upstream.end()
  })

  test('what is no frame ends the session after the 101', async () => {
    const { client, upstream, accept } = await begin(Buffer.from('GET / HTTP/1.1\r\n\r\n'))
    await accept()
    await expectClose(client, 'client', 1002, 'frame-invalid')
    await expectClose(upstream, 'upstream', 1001, 'frame-invalid')
    client.end()
    upstream.end()
  })

  test('a Close passes', async () => {
    const { client, upstream, accept } = await begin(closeFrame('client', 4001, 'hasty'))
    await accept()
    expect(await livePeer(upstream, 'upstream')).toEqual(['close 4001 hasty', 'fin'])
    expect(await livePeer(client, 'client')).toEqual(['close 4001 hasty', 'fin'])
  })
})

describe('behind the upstream’s 101', () => {
  let gateway: RawGateway
  beforeAll(async () => {
    gateway = await RawGateway.relay()
  })
  afterAll(() => gateway.stop())

  test('frames arrive behind the client’s 101, once', async () => {
    const early = Buffer.concat([frame({ payload: 'one' }), frame({ payload: 'two' })])
    const session = await gateway.open({ early })
    expect(await session.client.take(early.length)).toEqual(early)
    session.client.end()
    session.upstream.end()
    await session.closed()
  })

  test('half a frame, and the other half later', async () => {
    const session = await gateway.open({ early: bytes('8204 6162') })
    session.upstream.send(bytes('6364'))
    expect(await session.client.take(6)).toEqual(bytes('8204 61626364'))
    session.client.end()
    session.upstream.end()
    await session.closed()
  })

  test('a violation: the client has its 101, and then 1011', async () => {
    const session = await gateway.open({ early: bytes('8300') })
    await expectClose(session.client, 'client', 1011, 'upstream-invalid')
    await expectClose(session.upstream, 'upstream', 1002, 'upstream-invalid')
    session.client.end()
    session.upstream.end()
    await session.closed()
  })

  test('a Close passes', async () => {
    const session = await gateway.open({ early: closeFrame('upstream', 1013, 'busy') })
    expect(await livePeer(session.client, 'client')).toEqual(['close 1013 busy', 'fin'])
    session.upstream.end()
    expect(await session.closed()).toMatchObject({ closedBy: 'upstream', code: 1013 })
  })
})
