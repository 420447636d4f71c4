import { once } from 'node:events'
import { afterEach, expect, test } from 'vitest'
import { untilNoSockets } from '../upstream/upstreams.ts'
import { arrival, chunkedHead, client, closeChains, get, ok, raw, served } from './chains.ts'

afterEach(closeChains)

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

test('a client that takes nothing of the answer is cut though it sends something all the time', async () => {
  const body = Buffer.alloc(32 << 20)
  const made = await served((_request, response) => void response.end(body), { stallMs: 100 })
  const user = await client(made)
  user.socket.pause()
  user.send(get)
  const send = (): void => {
    if (user.socket.destroyed) return
    // Empty lines in front of a request mean nothing.
    user.socket.write('\r\n', () => setTimeout(send, 5))
  }
  send()
  expect(await made.edge.outcome()).toMatchObject({ error: { token: 'client-stalled' } })
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
