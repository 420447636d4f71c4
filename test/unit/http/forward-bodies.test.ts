import { afterEach, expect, test } from 'vitest'
import { rawServer } from '../../support/peers.ts'
import { untilNoSockets } from '../upstream/upstreams.ts'
import { arrival, chain, chunkedHead, client, closeChains, get, ok, raw, served } from './chains.ts'

afterEach(closeChains)

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
