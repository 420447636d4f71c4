import { once } from 'node:events'
import { afterEach, expect, test } from 'vitest'
import { hostileAnswers } from '../upstream/hostile-answers.ts'
import { untilNoSockets } from '../upstream/upstreams.ts'
import { arrival, client, closeChains, get, ok, raw } from './chains.ts'

afterEach(closeChains)

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

test('so is one that a reset ends together with its last bytes', async () => {
  const made = await raw((socket) => {
    socket.write('HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nhalf')
    socket.resetAndDestroy()
  })
  const user = await client(made)
  user.send('GET / HTTP/1.0\r\nHost: x\r\n\r\n')
  await user.closed()
  expect(user.wasReset).toBe(true)
  expect(await made.edge.outcome()).toMatchObject({ error: { token: 'upstream-lost' } })
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
