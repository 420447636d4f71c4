import { EventEmitter, once } from 'node:events'
import { createHash } from 'node:crypto'
import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http'
import { METHODS, request as httpRequest } from 'node:http'
import type { Socket } from 'node:net'
import { buffer, text } from 'node:stream/consumers'
import { afterEach, expect, test } from 'vitest'
import type { ForwardOptions } from '../../../src/http/forward.ts'
import type { UpstreamPool } from '../../../src/upstream/pool.ts'
import { RawClient } from '../../support/raw-client.ts'
import { httpServer, rawServer } from '../../support/peers.ts'
import type { Peer } from '../../support/peers.ts'
import { hostileAnswers } from '../upstream/hostile-answers.ts'
import { untilNoSockets, upstreamOf } from '../upstream/upstreams.ts'
import type { UpstreamSettings } from '../upstream/upstreams.ts'
import { forwarder } from './forwarder.ts'
import type { Forwarder } from './forwarder.ts'

interface Chain {
  readonly upstream: Peer
  readonly pool: UpstreamPool
  readonly edge: Forwarder
}
type Settings = UpstreamSettings & Partial<ForwardOptions>

const chains: Chain[] = []
const clients: RawClient[] = []
afterEach(async () => {
  for (const client of clients.splice(0)) client.destroy()
  for (const { pool, edge, upstream } of chains.splice(0)) {
    pool.destroy()
    edge.close()
    upstream.close()
    await pool.close()
  }
})

async function chain(upstream: Peer, settings: Settings = {}): Promise<Chain> {
  const pool = upstreamOf([`http://127.0.0.1:${upstream.port}`], settings)
  const made = { upstream, pool, edge: await forwarder(pool, settings) }
  chains.push(made)
  return made
}

/** In front of a raw upstream that calls `answer` for each request head, with everything that came so far. */
async function raw(
  answer: (socket: Socket, request: string, count: number) => void,
  settings: Settings = {},
): Promise<Chain> {
  let count = 0
  const upstream = await rawServer((socket) => {
    let received = ''
    socket.on('data', (chunk: Buffer) => {
      received += chunk.toString('latin1')
      if (!received.includes('\r\n\r\n')) return
      const request = received
      received = ''
      answer(socket, request, ++count)
    })
  })
  return chain(upstream, settings)
}

async function served(handle: RequestListener, settings: Settings = {}): Promise<Chain> {
  return chain(await httpServer(handle), settings)
}

async function client({ edge }: Chain): Promise<RawClient> {
  const made = await RawClient.connect(edge.port)
  clients.push(made)
  return made
}

const get = 'GET / HTTP/1.1\r\nHost: app.example\r\n\r\n'
const ok = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok'

test('forwards the bytes of the target and the header lines, and relays the answer in kind', async () => {
  let seen = ''
  const { arrived, arrive } = arrival()
  const made = await raw((socket, request) => {
    seen = request
    const lines = 'sEt-CoOkIe: a=1\r\nSet-Cookie: b=\xe9\r\nKeep-Alive: x\r\nX-Empty:\r\n'
    socket.write(
      `HTTP/1.1 203 Fine By Me\r\n${lines}Date: then\r\nContent-Length: 2\r\n\r\n`,
      'latin1',
    )
    arrive(socket)
  })
  const target = '/a/b/%7Ed/%C3%A9;x,y?q=%2F&&=*'
  const user = await client(made)
  user.send(
    `GET ${target} HTTP/1.1\r\nHost: App.Example\r\nX-Two: 2\r\nx-one: \xe9\r\nX-Two: 3\r\n\r\n`,
  )
  const head = await user.head()
  expect(head.text.split('\r\n').slice(0, 6)).toEqual([
    'HTTP/1.1 203 Fine By Me',
    'sEt-CoOkIe: a=1',
    'Set-Cookie: b=\xe9',
    'X-Empty: ',
    'Date: then',
    'Content-Length: 2',
  ])
  const socket = await arrived
  socket.write('ok')
  expect((await user.take(2)).toString()).toBe('ok')
  expect(seen).toContain(`GET ${target} HTTP/1.1\r\n`)
  expect(seen).toContain('\r\nX-Two: 2\r\nx-one: \xe9\r\nX-Two: 3\r\n')
  expect(await made.edge.outcome()).toMatchObject({ status: 203, sent: 2, received: 0 })
})

test('a kept connection carries one request after the other', async () => {
  const made = await raw((socket) => socket.write(ok))
  const user = await client(made)
  for (let count = 0; count < 3; count++) {
    user.send(get)
    expect((await user.answer()).body).toBe('ok')
  }
  expect(made.upstream.sockets.size).toBe(1)
})

test.each(METHODS.filter((method) => method !== 'CONNECT' && method !== 'TRACE'))(
  'forwards %s, with a chunked body as one request',
  async (method) => {
    const made = await served((request, response) => {
      void text(request).then((body) => response.end(`${request.method} ${body}`))
    })
    const user = await client(made)
    const inner = 'GET /secret HTTP/1.1\r\nHost: x\r\n\r\n'
    const chunk = `${inner.length.toString(16)}\r\n${inner}\r\n0\r\n\r\n`
    for (let count = 0; count < 2; count++) {
      user.send(`${method} / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n${chunk}`)
      const head = await user.head()
      expect(head.status).toBe(200)
      if (method === 'HEAD') continue
      const body = `${method} ${inner}`
      expect((await user.take(body.length)).toString()).toBe(body)
    }
    expect(made.edge.outcomes.length).toBe(2)
  },
)

test('a chunked body stays one request on the wire, whatever its method', async () => {
  for (const method of ['DELETE', 'GET', 'OPTIONS', 'POST']) {
    const requests: string[] = []
    const made = await raw((socket, request) => {
      requests.push(request)
      socket.write(ok)
    })
    const user = await client(made)
    const inner = 'GET /secret HTTP/1.1\r\nHost: x\r\n\r\n'
    user.send(`${method} / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n`)
    user.send(`${inner.length.toString(16)}\r\n${inner}\r\n0\r\n\r\n`)
    await user.head()
    const [first = ''] = requests
    const framed =
      /content-length: (\d+)/i.exec(first)?.[1] ?? /transfer-encoding: chunked/i.exec(first)
    expect(framed === String(inner.length) || Array.isArray(framed)).toBe(true)
    expect(first.startsWith(`${method} / `)).toBe(true)
  }
})

test.each(hostileAnswers)('$name: $token, and the socket is destroyed', async (hostile) => {
  const made = await raw((socket) => {
    socket.write(hostile.bytes, 'latin1')
    if (hostile.fin) socket.end()
  })
  const user = await client(made)
  user.send(get)
  const answer = await user.answer()
  expect([answer.status, answer.body]).toEqual([502, hostile.token])
  await untilNoSockets(made.upstream)
})

test.each([
  ['nothing else', 'HTTP/1.1 101 Switching Protocols\r\n\r\n'],
  [
    'Upgrade',
    'HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n',
  ],
])('a 101 nobody asked for, with %s, is upstream-invalid', async (_, bytes) => {
  const made = await raw((socket) => socket.write(bytes))
  const user = await client(made)
  user.send('POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\nok')
  expect((await user.answer()).body).toBe('upstream-invalid')
  await untilNoSockets(made.upstream)
})

test.each([
  ['100 Continue', 'HTTP/1.1 100 Continue\r\n\r\n', 1],
  ['100 with fields', 'HTTP/1.1 100 Continue\r\nServer: x\r\n\r\n', 2],
  ['102 Processing', 'HTTP/1.1 102 Processing\r\n\r\n', 8],
  ['103 Early Hints', 'HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n', 3],
  ['eight of two kinds', 'HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 X\r\n\r\n', 4],
])('skips interim answers: %s', async (_, interim, count) => {
  for (const cut of [0, 1, 12, 20, 25, 27]) {
    const bytes = interim.repeat(count) + ok
    const made = await raw((socket) => {
      socket.setNoDelay(true)
      socket.write(bytes.slice(0, cut), () => setImmediate(() => socket.write(bytes.slice(cut))))
    })
    const user = await client(made)
    user.send(get)
    expect(await user.answer()).toMatchObject({ status: 200, body: 'ok' })
    user.send(get)
    expect(await user.answer()).toMatchObject({ status: 200, body: 'ok' })
    expect(made.upstream.sockets.size).toBe(1)
  }
})

test('bytes behind an answer: it is relayed, and its connection is never used again', async () => {
  const made = await raw((socket, _request, count) => {
    socket.write(count === 1 ? `${ok}HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil` : ok)
  })
  const first = await client(made)
  const second = await client(made)
  first.send(get + get)
  second.send(get)
  expect((await first.answer()).body).toBe('ok')
  expect((await first.answer()).body).toBe('ok')
  expect((await second.answer()).body).toBe('ok')
})

test('bytes that come on an idle connection end it', async () => {
  const made = await raw((socket) => socket.write(ok))
  const user = await client(made)
  user.send(get)
  await user.answer()
  const [socket] = made.upstream.sockets
  socket!.write('HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil')
  await once(socket!, 'end')
  user.send(get)
  expect((await user.answer()).body).toBe('ok')
})

const chunks = 'Transfer-Encoding: chunked\r\n\r\n'

test.each([
  ['a length', 'Content-Length: 10\r\n\r\nhello', 'upstream-lost'],
  ['chunks', `${chunks}5\r\nhello\r\n`, 'upstream-lost'],
  ['a chunk cut short', `${chunks}a\r\nhello`, 'upstream-lost'],
  ['chunk syntax that is none', `${chunks}5\r\nhello\r\nxyz\r\n\r\n`, 'upstream-invalid'],
  ['a chunk without its end', `${chunks}5\r\nhello0\r\n\r\n`, 'upstream-invalid'],
  [
    'a length in the trailers',
    `${chunks}5\r\nhello\r\n0\r\nContent-Length: 9\r\n\r\n`,
    'upstream-invalid',
  ],
])('a body that ends badly cuts the client: %s', async (_, rest, token) => {
  const made = await raw((socket) => socket.end(`HTTP/1.1 200 OK\r\n${rest}`))
  const user = await client(made)
  user.send(get)
  const head = await user.head()
  expect(head.status).toBe(200)
  const body = (await user.closed()).toString()
  expect(body).not.toMatch(/0\r\n\r\n$/)
  expect(body.length).toBeLessThan(11)
  expect(await made.edge.outcome()).toMatchObject({ status: 200, error: { token } })
})

test('a body without a length that is torn off is a reset for an HTTP/1.0 client', async () => {
  const { arrived, arrive } = arrival()
  const made = await raw((socket) => {
    socket.write('HTTP/1.1 200 OK\r\n\r\nhello')
    arrive(socket)
  })
  const user = await client(made)
  user.send('GET / HTTP/1.0\r\nHost: x\r\n\r\n')
  await user.head()
  await user.take(5)
  const socket = await arrived
  socket.resetAndDestroy()
  await user.closed()
  expect(user.wasReset).toBe(true)
})

test('a body until the end of the connection is whole', async () => {
  const made = await raw((socket) =>
    socket.end('HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nall of it'),
  )
  const user = await client(made)
  user.send(get)
  await user.head()
  expect((await user.take(19)).toString()).toBe('9\r\nall of it\r\n0\r\n\r\n'.slice(0, 19))
})

test.each([
  ['HEAD', 'HEAD', 'HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n', '5'],
  [
    'HEAD of a chunked page',
    'HEAD',
    'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n',
    undefined,
  ],
  ['304', 'GET', 'HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\nETag: "x"\r\n\r\n', '5'],
  ['204', 'GET', 'HTTP/1.1 204 No Content\r\n\r\n', undefined],
  [
    '204 with a length',
    'GET',
    'HTTP/1.1 204 No Content\r\nContent-Length: 5\r\n\r\nhello',
    undefined,
  ],
])('no body, and the length as it was: %s', async (_, method, bytes, length) => {
  const made = await raw((socket, request) => socket.write(request.includes('/next') ? ok : bytes))
  const user = await client(made)
  user.send(`${method} / HTTP/1.1\r\nHost: x\r\n\r\n`)
  const head = await user.head()
  expect(head.headers.get('content-length')).toBe(length)
  expect(head.headers.has('transfer-encoding')).toBe(false)
  user.send('GET /next HTTP/1.1\r\nHost: x\r\n\r\n')
  expect((await user.answer()).body).toBe('ok')
})

const chunked =
  'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: X-Sum\r\n\r\n2\r\nok\r\n0\r\n'

test('trailers reach a client that takes them, but for those that must not come late', async () => {
  let seen = ''
  const made = await raw((socket, request) => {
    seen = request
    socket.write(`${chunked}X-Sum: 1\r\nx-late: 2\r\nContent-Type: x\r\nSet-Cookie: a\r\n\r\n`)
  })
  const user = await client(made)
  user.send('GET / HTTP/1.1\r\nHost: x\r\nTE: trailers\r\nConnection: TE\r\n\r\n')
  await user.head()
  const rest = '2\r\nok\r\n0\r\nX-Sum: 1\r\nx-late: 2\r\n\r\n'
  expect((await user.take(rest.length)).toString()).toBe(rest)
  expect(seen).toMatch(/\r\nTE: trailers\r\n/)
})

test('trailers do not reach a client that did not ask', async () => {
  const made = await raw((socket) => socket.write(`${chunked}X-Sum: 1\r\n\r\n`))
  const user = await client(made)
  user.send(get)
  const head = await user.head()
  expect(head.headers.has('trailer')).toBe(false)
  expect((await user.take(12)).toString()).toBe('2\r\nok\r\n0\r\n\r\n')
})

test('trailers of a request are dropped', async () => {
  let seen = ''
  const made = await raw((socket, request) => {
    seen = request
    socket.write(ok)
  })
  const user = await client(made)
  user.send('POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\nTrailer: X-Evil\r\n\r\n')
  user.send('2\r\nok\r\n0\r\nX-Evil: 1\r\n\r\n')
  expect((await user.answer()).body).toBe('ok')
  expect(seen).not.toMatch(/evil/i)
})

test('events are not held back', async () => {
  let stream: ServerResponse | undefined
  const made = await served((_request, response) => {
    stream = response
    response.writeHead(200, { 'Content-Type': 'text/event-stream' })
    response.flushHeaders()
  })
  const user = await client(made)
  user.send(get)
  expect((await user.head()).headers.get('content-type')).toBe('text/event-stream')
  for (const event of ['data: 1\n\n', 'data: 2\n\n']) {
    stream!.write(event)
    expect((await user.take(event.length + 5)).toString()).toBe(`9\r\n${event}\r\n`)
  }
  user.destroy()
  await once(stream!, 'close')
  expect(await made.edge.outcome()).toMatchObject({ status: 200, error: { token: 'client-lost' } })
})

test('echoes 8 MiB both ways, whole', async () => {
  const made = await served((request, response) => void request.pipe(response))
  const body = Buffer.alloc(8 << 20, 'drawbridge')
  for (const length of [body.length, undefined]) {
    const headers = length === undefined ? {} : { 'Content-Length': length }
    const sent = httpRequest({ port: made.edge.port, method: 'POST', headers })
    const answered = once(sent, 'response') as Promise<[IncomingMessage]>
    sent.end(body)
    const [answer] = await answered
    const echoed = await buffer(answer)
    expect(createHash('sha1').update(echoed).digest('hex')).toBe(
      createHash('sha1').update(body).digest('hex'),
    )
    expect(await made.edge.outcome()).toMatchObject({ received: 8 << 20, sent: 8 << 20 })
  }
})

test('a client that does not read pauses the upstream', async () => {
  const chunk = Buffer.alloc(64 << 10)
  let written = 0
  const paused = new Promise<ServerResponse>((resolve) => {
    void served((_request, response) => {
      const push = (): void => {
        // Kernel buffers take some MiB on loopback; without back-pressure this goes on until memory ends.
        while (written < 1 << 30) {
          written += chunk.length
          if (!response.write(chunk)) {
            response.once('drain', push)
            setTimeout(() => response.writableNeedDrain && resolve(response), 200)
            return
          }
        }
      }
      push()
    }).then(async (made) => {
      const user = await client(made)
      user.socket.pause()
      user.send(get)
    })
  })
  await paused
  expect(written).toBeLessThan(64 << 20)
})

test('an upstream that does not read pauses the client', async () => {
  const upstream = await rawServer((socket) => socket.pause())
  const made = await chain(upstream, { stallMs: 300 })
  const user = await client(made)
  user.send('POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n')
  const chunk = Buffer.concat([
    Buffer.from('10000\r\n'),
    Buffer.alloc(0x10000),
    Buffer.from('\r\n'),
  ])
  let written = 0
  const push = (): void => {
    while (!user.socket.destroyed && user.socket.write(chunk)) written += chunk.length
  }
  user.socket.on('drain', push)
  push()
  // Nothing moves: the stalled upstream is what ends it.
  expect(await made.edge.outcome()).toMatchObject({ token: 'upstream-timeout' })
  expect(written).toBeLessThan(64 << 20)
})

test('100 Continue is sent when the body is wanted, and Expect is not forwarded', async () => {
  let seen = ''
  const made = await raw((socket, request) => {
    seen += request
    if (seen.includes('ok')) socket.write(ok)
  })
  const user = await client(made)
  user.send('POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n')
  expect((await user.head()).status).toBe(100)
  user.send('ok')
  expect((await user.answer()).body).toBe('ok')
  expect(seen).not.toMatch(/expect/i)
})

test('no 100 Continue where the upstream cannot be reached', async () => {
  const upstream = await rawServer(() => undefined)
  const made = await chain(upstream)
  upstream.close()
  const user = await client(made)
  user.send('POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n')
  expect((await user.answer()).body).toBe('upstream-unreachable')
})

test('an early answer is relayed, and the client is closed because its body is not read', async () => {
  const made = await raw((socket) => socket.write('HTTP/1.1 403 No\r\nContent-Length: 2\r\n\r\nno'))
  const user = await client(made)
  user.send('POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\nsome of it')
  const answer = await user.answer()
  expect([answer.status, answer.body, answer.headers.get('connection')]).toEqual([
    403,
    'no',
    'close',
  ])
  user.end()
  await user.closed()
  await untilNoSockets(made.upstream)
})

test('a declared body over the limit is refused before anything is dialled', async () => {
  const made = await raw((socket) => socket.write(ok), { bodyLimit: 10 })
  const user = await client(made)
  user.send('POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 11\r\n\r\n')
  expect((await user.answer()).body).toBe('body-too-big')
  expect(made.upstream.sockets.size).toBe(0)
})

test('a body at the limit passes', async () => {
  const made = await served((request, response) => void request.pipe(response), {
    bodyLimit: 10,
  })
  const user = await client(made)
  user.send('POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n')
  user.send('4\r\n0123\r\n6\r\n456789\r\n0\r\n\r\n')
  const head = await user.head()
  expect(head.status).toBe(200)
})

/** Resolves with the next request that reaches a raw upstream. */
function arrival(): { arrived: Promise<Socket>; arrive: (socket: Socket) => void } {
  const events = new EventEmitter()
  const arrived = once(events, 'arrived').then(([socket]: Socket[]) => socket!)
  return { arrived, arrive: (socket) => void events.emit('arrived', socket) }
}

const chunkedHead = 'POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n'

test('a chunked body over the limit is refused where it passes it, and the upstream aborted', async () => {
  const { arrived, arrive } = arrival()
  const made = await raw(arrive, { bodyLimit: 10 })
  const user = await client(made)
  user.send(`${chunkedHead}a\r\n0123456789\r\n`)
  await arrived
  user.send('1\r\nx\r\n')
  expect((await user.answer()).body).toBe('body-too-big')
  await untilNoSockets(made.upstream)
})

test('a body of which nothing comes is body-timeout', async () => {
  const { arrived, arrive } = arrival()
  const made = await raw(arrive, { stallMs: 50 })
  const user = await client(made)
  user.send(`${chunkedHead}2\r\nok\r\n`)
  await arrived
  expect((await user.answer()).body).toBe('body-timeout')
  await untilNoSockets(made.upstream)
})

test('a body of which nothing ever came is body-timeout', async () => {
  const made = await raw(() => undefined, { stallMs: 50 })
  const user = await client(made)
  user.send(chunkedHead)
  expect((await user.answer()).body).toBe('body-timeout')
})

test.each([
  ['silence', ''],
  ['half a head', 'HTTP/1.1 200 OK\r\nX-'],
  ['an interim answer alone', 'HTTP/1.1 103 Early\r\n\r\n'],
])('%s is upstream-timeout', async (_, bytes) => {
  const made = await raw((socket) => socket.write(bytes), { response: 50 })
  const user = await client(made)
  user.send(get)
  const answer = await user.answer()
  expect([answer.status, answer.body]).toEqual([504, 'upstream-timeout'])
  await untilNoSockets(made.upstream)
})

test('the clock of the answer runs from the end of the request', async () => {
  const { arrived, arrive } = arrival()
  const made = await raw(
    (socket, request) => {
      arrive(socket)
      if (request.includes('last')) socket.write(ok)
    },
    { response: 100 },
  )
  const user = await client(made)
  user.send(`${chunkedHead}5\r\nfirst\r\n`)
  const socket = await arrived
  // Longer than the clock: an idle timer of the test's own, on a socket on which nothing comes.
  socket.setTimeout(200)
  await once(socket, 'timeout')
  user.send('4\r\nlast\r\n0\r\n\r\n')
  expect((await user.answer()).body).toBe('ok')
})

test.each(['before the answer', 'inside the answer'])(
  'a client that leaves %s takes the upstream with it',
  async (phase) => {
    const { arrived, arrive } = arrival()
    const made = await raw((socket) => {
      if (phase !== 'before the answer') {
        socket.write('HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf')
      }
      arrive(socket)
    })
    const user = await client(made)
    user.send(get)
    await arrived
    if (phase !== 'before the answer') await user.head()
    user.reset()
    await untilNoSockets(made.upstream)
    const outcome = await made.edge.outcome()
    const error = outcome instanceof Error ? outcome : outcome.error
    expect(error).toMatchObject({ token: 'client-lost' })
  },
)

test('a client that leaves inside its body takes the upstream with it', async () => {
  const { arrived, arrive } = arrival()
  const made = await raw(arrive)
  const user = await client(made)
  user.send('POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\nhalf')
  await arrived
  user.end()
  await untilNoSockets(made.upstream)
  expect(await made.edge.outcome()).toMatchObject({ token: 'client-lost' })
})

test('a client that takes nothing of the answer is cut', async () => {
  const body = Buffer.alloc(32 << 20)
  const made = await served((_request, response) => void response.end(body), { stallMs: 100 })
  const user = await client(made)
  user.socket.pause()
  user.send(get)
  expect(await made.edge.outcome()).toMatchObject({
    status: 200,
    error: { token: 'client-stalled' },
  })
})

test('a reset before the answer is upstream-lost', async () => {
  const made = await raw((socket) => socket.resetAndDestroy())
  const user = await client(made)
  user.send(get)
  expect((await user.answer()).body).toBe('upstream-lost')
})

test.each([
  ['GET', '', 200],
  ['DELETE', '', 502],
  ['POST', 'Content-Length: 2\r\n\r\nok', 502],
])('a kept connection lost under %s: %s', async (method, rest, status) => {
  let count = 0
  const made = await raw((socket) => {
    count++
    if (count === 2) socket.destroy()
    else socket.write(ok)
  })
  const user = await client(made)
  user.send(get)
  await user.answer()
  user.send(`${method} / HTTP/1.1\r\nHost: x\r\n${rest === '' ? '\r\n' : rest}`)
  expect((await user.answer()).status).toBe(status)
  expect(count).toBe(status === 200 ? 3 : 2)
})

test('a kept connection that was closed meanwhile is noticed before anything is sent', async () => {
  const made = await raw((socket, request) => {
    socket.write(request.startsWith('GET') ? ok : ok.replace('ok', 'hi'))
  })
  const user = await client(made)
  user.send(get)
  await user.answer()
  const [kept] = made.upstream.sockets
  kept!.end()
  user.send('POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\nok')
  expect((await user.answer()).body).toBe('hi')
})

test('a fresh connection that is lost is not tried again', async () => {
  let count = 0
  const made = await raw((socket) => {
    count++
    socket.destroy()
  })
  const user = await client(made)
  user.send(get)
  expect((await user.answer()).body).toBe('upstream-lost')
  expect(count).toBe(1)
})

test('leaves no socket behind', async () => {
  const made = await served((request, response) => void request.pipe(response))
  for (let count = 0; count < 20; count++) {
    const user = await client(made)
    user.send('POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok')
    await user.closed()
    user.destroy()
  }
  await made.pool.close()
  for (const socket of made.upstream.sockets) await once(socket, 'close')
  for (const socket of made.edge.sockets) await once(socket, 'close')
  expect(made.upstream.sockets.size + made.edge.sockets.size).toBe(0)
})
