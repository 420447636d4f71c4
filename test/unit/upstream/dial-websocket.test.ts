import { once } from 'node:events'
import type { Socket } from 'node:net'
import { text } from 'node:stream/consumers'
import { afterEach, expect, test } from 'vitest'
import type { WebSocketOffer } from '../../../src/upstream/upstream.ts'
import { acceptKey } from '../../../src/websocket/accept-key.ts'
import { rawServer, wsEcho } from '../../support/peers.ts'
import type { Peer } from '../../support/peers.ts'
import { turn } from '../../support/raw-session.ts'
import { hostileAnswers } from './hostile-answers.ts'
import { anyone, calm, untilNoSockets, upstreamOf } from './upstreams.ts'
import type { UpstreamSettings } from './upstreams.ts'

const offer: WebSocketOffer = {
  target: '/chat?room=1',
  headers: ['Host', 'app.example', 'X-One', '1', 'x-two', '\xe9', 'X-One', '3'],
  protocols: ['chat', 'binary'],
  extensions: [{ name: 'permessage-deflate', params: [['client_max_window_bits', undefined]] }],
}
const deflate = 'permessage-deflate'

const peers: Peer[] = []
afterEach(() => {
  for (const peer of peers.splice(0)) peer.close()
})

/** An upstream that reads one head and does what `answer` says with it. */
async function upstream(
  answer: (socket: Socket, head: string) => void,
  settings: UpstreamSettings = {},
): Promise<{ peer: Peer; pool: ReturnType<typeof upstreamOf> }> {
  const peer = await rawServer((socket) => {
    let head = ''
    socket.on('data', (chunk: Buffer) => {
      const whole = head.includes('\r\n\r\n')
      head += chunk.toString('latin1')
      if (!whole && head.includes('\r\n\r\n')) answer(socket, head)
    })
  })
  peers.push(peer)
  return { peer, pool: upstreamOf([`http://127.0.0.1:${peer.port}`], settings) }
}

/** The lines of a right answer to `head`; `changes` replace values, undefined leaves a line out. */
function accepting(head: string, changes: Record<string, string | undefined> = {}): string {
  const key = /^Sec-WebSocket-Key: (.*)$/im.exec(head)?.[1]?.trim() ?? ''
  const lines: Record<string, string | undefined> = {
    Upgrade: 'websocket',
    Connection: 'Upgrade',
    'Sec-WebSocket-Accept': acceptKey(key),
    ...changes,
  }
  let answer = 'HTTP/1.1 101 Switching Protocols\r\n'
  for (const [name, value] of Object.entries(lines)) {
    for (const one of value?.split('\n') ?? []) answer += `${name}: ${one}\r\n`
  }
  return `${answer}\r\n`
}

test('sends the handshake with the offered lines in order and a fresh key', async () => {
  const heads: string[] = []
  const { pool } = await upstream((socket, head) => {
    heads.push(head)
    socket.write(accepting(head))
  })
  for (let count = 0; count < 2; count++) {
    const dialed = await pool.dialWebSocket(offer, anyone, calm)
    if (dialed.kind === 'websocket') dialed.socket.destroy()
  }
  const keys = heads.map((head) => /Sec-WebSocket-Key: (\S+)/.exec(head)?.[1])
  expect(heads[0]?.replace(keys[0]!, 'KEY').split('\r\n')).toEqual([
    'GET /chat?room=1 HTTP/1.1',
    'Host: app.example',
    'X-One: 1',
    'x-two: \xe9',
    'X-One: 3',
    'Connection: Upgrade',
    'Upgrade: websocket',
    'Sec-WebSocket-Version: 13',
    'Sec-WebSocket-Key: KEY',
    'Sec-WebSocket-Protocol: chat, binary',
    'Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits',
    '',
    '',
  ])
  expect(keys[0]).toMatch(/^[A-Za-z0-9+/]{22}==$/)
  expect(keys[1]).not.toBe(keys[0])
})

test('offers nothing where the client offered nothing', async () => {
  let seen = ''
  const { pool } = await upstream((socket, head) => {
    seen = head
    socket.write(accepting(head))
  })
  const dialed = await pool.dialWebSocket({ ...offer, protocols: [], extensions: [] }, anyone, calm)
  expect(dialed).toMatchObject({ kind: 'websocket', protocol: undefined, extensions: undefined })
  expect(seen).not.toMatch(/Sec-WebSocket-(Protocol|Extensions)/)
  if (dialed.kind === 'websocket') dialed.socket.destroy()
})

test.each([
  ['nothing beyond', {}, { protocol: undefined, deflate: false }],
  ['tokens in any case and in lists', { Upgrade: 'WebSocket', Connection: 'keep-alive, UPGRADE' }],
  [
    'a subprotocol that was offered',
    { 'Sec-WebSocket-Protocol': 'binary' },
    { protocol: 'binary' },
  ],
  [
    'an extension that was offered',
    { 'Sec-WebSocket-Extensions': deflate },
    { deflate: true, extensions: deflate },
  ],
] as [string, Record<string, string>, object?][])(
  'takes a 101 with %s',
  async (_, lines, facts) => {
    const { pool } = await upstream((socket, head) => socket.write(accepting(head, lines)))
    const dialed = await pool.dialWebSocket(offer, anyone, calm)
    expect(dialed).toMatchObject({ kind: 'websocket', ...facts })
    if (dialed.kind === 'websocket') dialed.socket.destroy()
  },
)

test.each([
  ['no Upgrade', { Upgrade: undefined }],
  ['an empty Upgrade', { Upgrade: '' }],
  ['another Upgrade', { Upgrade: 'h2c' }],
  ['Upgrade to two protocols', { Upgrade: 'websocket, h2c' }],
  ['Upgrade twice', { Upgrade: 'websocket\nwebsocket' }],
  ['no Connection', { Connection: undefined }],
  ['Connection: close', { Connection: 'close' }],
  ['Connection: Upgraded', { Connection: 'Upgraded' }],
  ['no Accept', { 'Sec-WebSocket-Accept': undefined }],
  ['an empty Accept', { 'Sec-WebSocket-Accept': '' }],
  ['a wrong Accept', { 'Sec-WebSocket-Accept': 's3pPLMBiTxaQ9kYGzzhZRbK+xOo=' }],
  ['a subprotocol that was not offered', { 'Sec-WebSocket-Protocol': 'soap' }],
  ['a subprotocol in another case', { 'Sec-WebSocket-Protocol': 'Chat' }],
  ['an empty subprotocol', { 'Sec-WebSocket-Protocol': '' }],
  ['two subprotocols in a list', { 'Sec-WebSocket-Protocol': 'chat, binary' }],
  ['two subprotocols in two lines', { 'Sec-WebSocket-Protocol': 'chat\nbinary' }],
  ['an extension that was not offered', { 'Sec-WebSocket-Extensions': 'x-mux' }],
  ['an extension twice', { 'Sec-WebSocket-Extensions': `${deflate}, ${deflate}` }],
  [
    'a window that is none',
    { 'Sec-WebSocket-Extensions': `${deflate}; server_max_window_bits=99` },
  ],
  ['a broken extension list', { 'Sec-WebSocket-Extensions': `${deflate}; =1` }],
  ['a length', { 'Content-Length': '0' }],
  ['a body', { 'Content-Length': '5' }],
  ['chunks', { 'Transfer-Encoding': 'chunked' }],
])('refuses a 101 with %s, and destroys the socket', async (_, lines) => {
  const { peer, pool } = await upstream((socket, head) => socket.write(accepting(head, lines)))
  await expect(pool.dialWebSocket(offer, anyone, calm)).rejects.toMatchObject({
    token: 'upstream-handshake',
  })
  await untilNoSockets(peer)
})

test.each([
  ['a right Accept twice', (answer: string) => answer.replace(/(Sec-.*\r\n)/, '$1$1')],
  ['HTTP/1.0', (answer: string) => answer.replace('HTTP/1.1', 'HTTP/1.0')],
])('refuses a 101 with %s', async (_, change) => {
  const { peer, pool } = await upstream((socket, head) => socket.write(change(accepting(head))))
  await expect(pool.dialWebSocket(offer, anyone, calm)).rejects.toMatchObject({
    token: 'upstream-handshake',
  })
  await untilNoSockets(peer)
})

test.each(hostileAnswers)('$name: $token, and the socket is destroyed', async (hostile) => {
  const { peer, pool } = await upstream((socket) => {
    socket.write(hostile.bytes, 'latin1')
    if (hostile.fin) socket.end()
  })
  await expect(pool.dialWebSocket(offer, anyone, calm)).rejects.toMatchObject({
    token: hostile.token,
  })
  await untilNoSockets(peer)
})

test.each([
  ['100 Continue', 'HTTP/1.1 100 Continue\r\n\r\n', 1],
  ['103 Early Hints', 'HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n', 1],
  ['eight of them', 'HTTP/1.1 102 Processing\r\n\r\n', 8],
])('skips %s before the 101', async (_, interim, count) => {
  const { pool } = await upstream((socket, head) =>
    socket.write(interim.repeat(count) + accepting(head)),
  )
  const dialed = await pool.dialWebSocket(offer, anyone, calm)
  expect(dialed.kind).toBe('websocket')
  if (dialed.kind === 'websocket') dialed.socket.destroy()
})

test('hands over a paused socket with early frames in front and nobody listening', async () => {
  const { pool } = await upstream((socket, head) => {
    socket.write(Buffer.concat([Buffer.from(accepting(head)), Buffer.from('8102', 'hex')]))
    socket.write('hi')
  })
  const dialed = await pool.dialWebSocket(offer, anyone, calm)
  if (dialed.kind !== 'websocket') throw new Error('no WebSocket')
  const { socket } = dialed
  expect(socket.isPaused()).toBe(true)
  const listeners = socket.eventNames().filter((name) => typeof name === 'string')
  const counts = listeners.map((name) => [name, socket.listenerCount(name)])
  // Node's own 'end' is there from the socket's first day.
  expect(Object.fromEntries(counts)).toEqual({ end: 1, error: 1 })
  let early = Buffer.alloc(0)
  socket.on('data', (chunk: Buffer) => {
    early = Buffer.concat([early, chunk])
  })
  socket.resume()
  while (early.length < 4) await once(socket, 'data')
  expect(early.toString('latin1')).toBe('\x81\x02hi')
  socket.destroy()
})

test('a 101 may come in pieces, cut anywhere', async () => {
  let at = 1
  const { pool } = await upstream((socket, head) => {
    const answer = accepting(head)
    socket.write(answer.slice(0, at))
    void turn().then(() => socket.write(`${answer.slice(at)}early`))
  })
  for (; at < 100; at += 7) {
    const dialed = await pool.dialWebSocket(offer, anyone, calm)
    if (dialed.kind !== 'websocket') throw new Error('no WebSocket')
    let early = ''
    dialed.socket.on('data', (chunk: Buffer) => (early += chunk.toString('latin1')))
    dialed.socket.resume()
    while (early.length < 5) await once(dialed.socket, 'data')
    expect(early).toBe('early')
    dialed.socket.destroy()
  }
})

test('frames behind an interim answer and the 101 are in front as well, with nobody listening', async () => {
  const { pool } = await upstream((socket, head) => {
    socket.write(`HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n${accepting(head)}ea`)
    socket.write('rly')
  })
  const dialed = await pool.dialWebSocket(offer, anyone, calm)
  if (dialed.kind !== 'websocket') throw new Error('no WebSocket')
  const { socket } = dialed
  const listeners = socket.eventNames().filter((name) => typeof name === 'string')
  expect(listeners.toSorted()).toEqual(['end', 'error'])
  let early = ''
  socket.on('data', (chunk: Buffer) => (early += chunk.toString('latin1')))
  socket.resume()
  while (early.length < 5) await once(socket, 'data')
  expect(early).toBe('early')
  socket.destroy()
})

test('an interim answer, the 101 and what is behind it may be cut anywhere', async () => {
  let at = 1
  let all = ''
  const { pool } = await upstream((socket, head) => {
    all = `HTTP/1.1 103 Early Hints\r\n\r\n${accepting(head)}early`
    socket.setNoDelay(true).write(all.slice(0, at))
    void turn().then(() => socket.write(all.slice(at)))
  })
  do {
    const dialed = await pool.dialWebSocket(offer, anyone, calm)
    if (dialed.kind !== 'websocket') throw new Error('no WebSocket')
    // Nobody reads yet: what has come must still be there.
    await turn()
    let early = ''
    dialed.socket.on('data', (chunk: Buffer) => (early += chunk.toString('latin1')))
    dialed.socket.resume()
    while (early.length < 5) await once(dialed.socket, 'data')
    expect(early).toBe('early')
    dialed.socket.destroy()
    at += 9
  } while (at < all.length)
})

test('early frames that came in the read of the 101 are still there after the other side ended', async () => {
  const { pool } = await upstream((socket, head) => socket.end(`${accepting(head)}last words`))
  const dialed = await pool.dialWebSocket(offer, anyone, calm)
  if (dialed.kind !== 'websocket') throw new Error('no WebSocket')
  expect(await text(dialed.socket)).toBe('last words')
  dialed.socket.destroy()
})

test('half-closes: what comes after our FIN is read', async () => {
  const { pool } = await upstream((socket, head) => {
    socket.write(accepting(head))
    socket.on('end', () => socket.end('goodbye'))
  })
  const dialed = await pool.dialWebSocket(offer, anyone, calm)
  if (dialed.kind !== 'websocket') throw new Error('no WebSocket')
  dialed.socket.end()
  expect(await text(dialed.socket)).toBe('goodbye')
})

test.each([
  [200, 'Content-Length: 5\r\n\r\nhello', 'hello'],
  [200, 'Upgrade: websocket\r\nConnection: Upgrade\r\nContent-Length: 5\r\n\r\nhello', 'hello'],
  [426, 'Sec-WebSocket-Version: 13\r\nContent-Length: 0\r\n\r\n', ''],
  [404, 'Transfer-Encoding: chunked\r\n\r\n3\r\nno!\r\n0\r\n\r\n', 'no!'],
  [403, 'Connection: close\r\n\r\nuntil the end', 'until the end'],
])('an answer of its own is not tunnelled: %d %j', async (status, rest, body) => {
  const { peer, pool } = await upstream((socket) => {
    socket.write(`HTTP/1.1 ${status} So be it\r\nSet-Cookie: a\r\nSet-Cookie: b\r\n${rest}`)
    if (rest.includes('close')) socket.end()
  })
  const answer = await pool.dialWebSocket(offer, anyone, calm)
  if (answer.kind !== 'answer') throw new Error('tunnelled')
  expect(answer).toMatchObject({ status, statusText: 'So be it' })
  expect(answer.headers.slice(0, 4)).toEqual(['Set-Cookie', 'a', 'Set-Cookie', 'b'])
  expect(await text(answer.body)).toBe(body)
  await untilNoSockets(peer)
})

test('silence is upstream-timeout, half a head too', async () => {
  for (const part of ['', 'HTTP/1.1 101 Switching Protocols\r\nUpgrade: webs']) {
    const { peer, pool } = await upstream((socket) => socket.write(part), { handshake: 50 })
    await expect(pool.dialWebSocket(offer, anyone, calm)).rejects.toMatchObject({
      token: 'upstream-timeout',
    })
    await untilNoSockets(peer)
  }
})

test('a reset before the answer is upstream-lost', async () => {
  const { pool } = await upstream((socket) => socket.resetAndDestroy())
  await expect(pool.dialWebSocket(offer, anyone, calm)).rejects.toMatchObject({
    token: 'upstream-lost',
  })
})

test('an abort ends the dial at once, with its own reason', async () => {
  const controller = new AbortController()
  const reason = new Error('the client has gone')
  const { peer, pool } = await upstream(() => controller.abort(reason))
  await expect(pool.dialWebSocket(offer, anyone, controller.signal)).rejects.toBe(reason)
  await untilNoSockets(peer)
  await expect(pool.dialWebSocket(offer, anyone, controller.signal)).rejects.toBe(reason)
})

test('opens a real WebSocket', async () => {
  const peer = await wsEcho()
  peers.push(peer)
  const pool = upstreamOf([`ws://127.0.0.1:${peer.port}`])
  const dialed = await pool.dialWebSocket({ ...offer, protocols: [] }, anyone, calm)
  if (dialed.kind !== 'websocket') throw new Error('no WebSocket')
  dialed.socket.write(Buffer.from('8182000000006869', 'hex'))
  dialed.socket.resume()
  const [echo] = (await once(dialed.socket, 'data')) as [Buffer]
  expect(echo.toString('latin1')).toBe('\x81\x02hi')
  dialed.socket.destroy()
})
