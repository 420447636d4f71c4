import { inspect } from 'node:util'
import { createServer } from 'node:http'
import { afterEach, expect, test } from 'vitest'
import { answering, forwardTo, nobody, verdictOf } from './forward-rig.ts'

const secret = 'planted-secret'
const cleanup: (() => void)[] = []
afterEach(() => {
  for (const undo of cleanup.splice(0)) undo()
})

const ok = 'HTTP/1.1 200 OK\r\n'
const long = 'a'.repeat(1000)

const faults: readonly (readonly [string, string, ('stay' | 'end' | 'reset')?])[] = [
  ['it closes without an answer', '', 'end'],
  ['it resets without an answer', '', 'reset'],
  ['it never answers', ''],
  ['its head never ends', `${ok}X-User: ada\r\n`],
  ['its head is cut off', `${ok}X-User: ada\r\n`, 'end'],
  ['it speaks another protocol', 'SSH-2.0-OpenSSH_9.9\r\n'],
  ['it speaks TLS', '\x15\x03\x01\x00\x02\x02\x28', 'end'],
  ['its head is too big', ok + `X-Pad: ${long}\r\n`.repeat(20)],
  ['its status is no number', 'HTTP/1.1 OK\r\nX-User: ada\r\nContent-Length: 0\r\n\r\n'],
  [
    'it switches protocols',
    'HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n',
  ],
  ['it answers 100 only', 'HTTP/1.1 100 Continue\r\n\r\n'],
  ['it answers 304', 'HTTP/1.1 304 Not Modified\r\nX-User: ada\r\n\r\n'],
  ['it answers 302 without a Location', 'HTTP/1.1 302 Found\r\nContent-Length: 0\r\n\r\n'],
  ['it answers 404', 'HTTP/1.1 404 Not Found\r\nX-User: ada\r\nContent-Length: 0\r\n\r\n'],
  ['it answers 407', 'HTTP/1.1 407 Proxy\r\nContent-Length: 0\r\n\r\n'],
  ['it answers 500', 'HTTP/1.1 500 No\r\nX-User: ada\r\nContent-Length: 0\r\n\r\n'],
  ['it answers 600', 'HTTP/1.1 600 Oh\r\nContent-Length: 0\r\n\r\n'],
  ['its body is too big', `${ok}X-User: ada\r\nContent-Length: 65537\r\n\r\n${'x'.repeat(65_537)}`],
  [
    'its body is too big, in chunks',
    `${ok}X-User: ada\r\nTransfer-Encoding: chunked\r\n\r\n${`3e8\r\n${long}\r\n`.repeat(70)}`,
  ],
  ['its body is cut off', `${ok}X-User: ada\r\nContent-Length: 10\r\n\r\nabc`, 'end'],
  ['its body is reset', `${ok}X-User: ada\r\nContent-Length: 10\r\n\r\nabc`, 'reset'],
  ['its body never ends', `${ok}X-User: ada\r\nContent-Length: 10\r\n\r\nabc`],
  [
    'its chunks are broken',
    `${ok}X-User: ada\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\nabc\r\n0\r\n\r\n`,
  ],
  ['it has two lengths', `${ok}X-User: ada\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab`],
  ['its header has a control character', `${ok}X-User: a\x01da\r\nContent-Length: 0\r\n\r\n`],
  ['its header has a NUL', `${ok}X-User: a\0da\r\nContent-Length: 0\r\n\r\n`],
  ['its end is no number', `${ok}X-Session-Expires: soon\r\nContent-Length: 0\r\n\r\n`],
  ['its end is a date', `${ok}X-Session-Expires: 2030-01-01\r\nContent-Length: 0\r\n\r\n`],
  ['its end is negative', `${ok}X-Session-Expires: -1\r\nContent-Length: 0\r\n\r\n`],
  [
    'it has two ends',
    `${ok}X-Session-Expires: 9999999999\r\nX-Session-Expires: 9999999998\r\nContent-Length: 0\r\n\r\n`,
  ],
]

const cases = faults.flatMap(([what, bytes, after = 'stay']) => [
  { what, bytes, after, upgrade: true, kind: 'an upgrade' },
  { what, bytes, after, upgrade: false, kind: 'a request' },
])

test.each(cases)('nobody passes with $kind where $what', async ({ bytes, after, upgrade }) => {
  const peer = await answering(bytes, after)
  cleanup.push(() => peer.close())
  const authenticator = forwardTo(peer.port, { timeout: 250 })
  cleanup.push(() => authenticator.close())
  const lines = [`Authorization: Bearer ${secret}`]
  const verdict = await verdictOf(authenticator, { upgrade, lines })
  expect(verdict).toMatchObject({ token: 'auth-unavailable' })
  expect(inspect(verdict, { depth: 10 })).not.toContain(secret)
})

test('nobody passes where nobody listens', async () => {
  const authenticator = forwardTo(await nobody())
  cleanup.push(() => authenticator.close())
  expect(await verdictOf(authenticator)).toMatchObject({
    token: 'auth-unavailable',
    message: expect.stringContaining('ECONNREFUSED'),
  })
})

test('nobody passes where its name is unknown', async () => {
  // Too long for any name, so that no name server is asked.
  const authenticator = forwardTo(80, { url: `http://${'a'.repeat(64)}.invalid/` })
  cleanup.push(() => authenticator.close())
  expect(await verdictOf(authenticator)).toMatchObject({ token: 'auth-unavailable' })
})

test('nobody passes where it drips, however steadily', async () => {
  const peer = await answering(`${ok}Content-Length: 1000\r\n\r\n`)
  cleanup.push(() => peer.close())
  const drip = setInterval(() => {
    for (const socket of peer.sockets) socket.write('x')
  }, 20)
  cleanup.push(() => clearInterval(drip))
  const authenticator = forwardTo(peer.port, { timeout: 250 })
  cleanup.push(() => authenticator.close())
  expect(await verdictOf(authenticator)).toMatchObject({
    token: 'auth-unavailable',
    message: expect.stringContaining('no whole answer in 250 ms'),
  })
})

test('recovers when the server does', async () => {
  const peer = await answering('', 'reset')
  cleanup.push(() => peer.close())
  const authenticator = forwardTo(peer.port)
  cleanup.push(() => authenticator.close())
  expect(await verdictOf(authenticator)).toMatchObject({ token: 'auth-unavailable' })
  const { port } = peer
  peer.close()
  const healed = createServer((_request, response) => response.setHeader('X-User', 'ada').end())
  cleanup.push(() => healed.close())
  await new Promise<void>((ready) => {
    healed.listen(port, '127.0.0.1', ready)
  })
  expect(await verdictOf(authenticator)).toMatchObject({ subject: 'ada' })
})
