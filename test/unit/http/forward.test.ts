import { once } from 'node:events'
import { createHash } from 'node:crypto'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { METHODS, request as httpRequest } from 'node:http'
import { buffer, text } from 'node:stream/consumers'
import { afterEach, expect, test } from 'vitest'
import { rawServer } from '../../support/peers.ts'
import { arrival, chain, client, closeChains, get, ok, raw, served } from './chains.ts'

afterEach(closeChains)

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
        // Kernel buffers take some MiB on loopback; without back-pressure this goes on until memory
        // ends.
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
