import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import { afterEach, expect, test } from 'vitest'
import { GatewayError } from '../../../src/errors.ts'
import { relayAnswer } from '../../../src/http/answer.ts'
import type { WebSocketOffer } from '../../../src/upstream/upstream.ts'
import { rawServer } from '../../support/peers.ts'
import type { Peer } from '../../support/peers.ts'
import { RawClient } from '../../support/raw-client.ts'
import { anyone, calm, untilNoSockets, upstreamOf } from '../upstream/upstreams.ts'

const closing: (() => void)[] = []
afterEach(() => {
  for (const close of closing.splice(0)) close()
})

const offer: WebSocketOffer = { target: '/', headers: ['Host', 'x'], protocols: [], extensions: [] }

/** A client whose request is answered with what a raw upstream says to an upgrade. */
async function relayed(answer: (socket: Socket) => void, stallMs = 60_000) {
  const upstream: Peer = await rawServer((socket) => {
    socket.once('data', () => answer(socket))
  })
  const pool = upstreamOf([`http://127.0.0.1:${upstream.port}`])
  let settle: (result: unknown) => void
  const result = new Promise((resolve) => {
    settle = resolve
  })
  const server = createServer((head, response) => {
    const controller = new AbortController()
    head.socket.once('close', () => controller.abort(new GatewayError('client-lost', 'gone')))
    const { signal } = controller
    pool
      .dialWebSocket(offer, anyone, calm)
      .then((dialed) => {
        if (dialed.kind !== 'answer') throw new Error('tunnelled')
        return relayAnswer(dialed, response, { stallMs, signal })
      })
      .then(settle, settle)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const client = await RawClient.connect((server.address() as AddressInfo).port)
  client.send('GET / HTTP/1.1\r\nHost: x\r\n\r\n')
  closing.push(
    () => client.destroy(),
    () => upstream.close(),
    () => server.close(),
  )
  return { client, upstream, result }
}

test('relays status, end-to-end headers and body, and closes', async () => {
  const { client, upstream, result } = await relayed((socket) => {
    socket.write('HTTP/1.1 403 Not You\r\nSet-Cookie: a\r\nSet-Cookie: b\r\nKeep-Alive: x\r\n')
    socket.write('X-Hop: 1\r\nConnection: x-hop, upgrade\r\nUpgrade: websocket\r\n')
    socket.write('Content-Length: 2\r\n\r\nno')
  })
  const answer = await client.answer()
  expect(answer.text).toMatch(
    /^HTTP\/1.1 403 Not You\r\nSet-Cookie: a\r\nSet-Cookie: b\r\nContent-Length: 2\r\n/,
  )
  expect(answer.headers.get('connection')).toBe('close')
  expect(answer.body).toBe('no')
  await client.closed()
  expect(await result).toEqual({ sent: 2, error: undefined })
  await untilNoSockets(upstream)
})

test('a chunked answer is chunked anew', async () => {
  const { client } = await relayed((socket) => {
    socket.write(
      'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\nX-T: 1\r\n\r\n',
    )
  })
  const head = await client.head()
  expect(head.status).toBe(200)
  expect((await client.closed()).toString()).toBe('2\r\nok\r\n0\r\n\r\n')
})

test('an answer that is cut short cuts the client', async () => {
  const { client, result } = await relayed((socket) => {
    socket.end('HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf')
  })
  await client.closed()
  expect(await result).toMatchObject({ error: { token: 'upstream-lost' } })
})

test('a client that leaves takes the upstream with it', async () => {
  const { client, upstream, result } = await relayed((socket) => {
    socket.write('HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf')
  })
  await client.head()
  client.reset()
  expect(await result).toMatchObject({ error: { token: 'client-lost' } })
  await untilNoSockets(upstream)
})

test('a client that takes nothing is cut', async () => {
  const { client, result } = await relayed((socket) => {
    socket.write('HTTP/1.1 200 OK\r\nContent-Length: 99999999\r\n\r\n')
    const push = (): void => {
      while (!socket.destroyed && socket.write(Buffer.alloc(65_536)));
    }
    socket.on('drain', push)
    push()
  }, 100)
  client.socket.pause()
  expect(await result).toMatchObject({ error: { token: 'client-stalled' } })
})
