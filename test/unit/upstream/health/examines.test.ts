import { createServer } from 'node:http'
import type { RequestListener } from 'node:http'
import type { Socket } from 'node:net'
import { afterEach, expect, test } from 'vitest'
import type { HealthCheck } from '../../../../src/config/settled/health.ts'
import { parseServer } from '../../../../src/config/server-url.ts'
import { connect } from '../../../../src/upstream/connect.ts'
import { readClientTls } from '../../../../src/upstream/client-tls.ts'
import { buildExamine } from '../../../../src/upstream/health/build-examine.ts'
import { httpServer, listening, rawServer, wsEcho } from '../../../support/peers.ts'
import type { Peer } from '../../../support/peers.ts'
import { hostileAnswers } from '../hostile-answers.ts'
import { calm, untilNoSockets } from '../upstreams.ts'

const peers: Peer[] = []
afterEach(() => {
  for (const peer of peers.splice(0)) peer.close()
})

function kept<T extends Peer>(peer: T): T {
  peers.push(peer)
  return peer
}

const http: HealthCheck = { kind: 'http', path: '/healthz', statuses: [{ from: 200, to: 399 }] }
const webSocket: HealthCheck = { kind: 'websocket', path: '/ws?check=1' }

/** @returns why the server is not well; undefined where it is */
async function examine(
  check: HealthCheck,
  { port }: Peer,
  signal = calm,
): Promise<string | undefined> {
  const server = parseServer(`http://127.0.0.1:${port}`)!
  const tls = readClientTls({ verify: true })
  const socket = await connect(server, { tls, connectMs: 5_000, signal })
  try {
    await buildExamine(check)(socket, server, signal)
    return undefined
  } catch (error) {
    return String(error)
  } finally {
    socket.destroy()
  }
}

async function answering(handle: RequestListener): Promise<Peer> {
  return kept(await httpServer(handle))
}

test.each([
  [200, undefined],
  [204, undefined],
  [302, undefined],
  [399, undefined],
  [400, 'the status is 400'],
  [500, 'the status is 500'],
  [503, 'the status is 503'],
])('an answer with status %i is well, or why it is not: %s', async (status, expected) => {
  const peer = await answering((_, response) => response.writeHead(status).end())
  const found = await examine(http, peer)
  expect(found).toEqual(expected === undefined ? undefined : `Error: ${expected}`)
})

test('statuses are those that are listed', async () => {
  const peer = await answering((_, response) => response.writeHead(429).end())
  const statuses = [
    { from: 200, to: 200 },
    { from: 429, to: 429 },
  ]
  expect(await examine({ ...http, statuses }, peer)).toBeUndefined()
})

test('a redirect is not followed', async () => {
  const asked: string[] = []
  const peer = await answering((request, response) => {
    asked.push(request.url!)
    response.writeHead(302, { location: '/elsewhere' }).end()
  })
  expect(await examine(http, peer)).toBeUndefined()
  expect(asked).toEqual(['/healthz'])
})

test('it asks for the path, by the name of the server, and for nothing that is kept', async () => {
  const heads: unknown[] = []
  const peer = await answering(({ method, url, headers }, response) => {
    heads.push({ method, url, headers })
    response.end()
  })
  await examine({ ...http, path: '/healthz?deep=1' }, peer)
  await examine({ ...http, host: 'app.example.com' }, peer)
  const headers = {
    'user-agent': 'drawbridge-health',
    accept: '*/*',
    'accept-encoding': 'identity',
    connection: 'close',
  }
  expect(heads).toEqual([
    {
      method: 'GET',
      url: '/healthz?deep=1',
      headers: { host: `127.0.0.1:${peer.port}`, ...headers },
    },
    { method: 'GET', url: '/healthz', headers: { host: 'app.example.com', ...headers } },
  ])
})

test.each([
  ['{"ok":true}', undefined],
  [`${'x'.repeat(8_000)}"ok":true`, undefined],
  [`${'x'.repeat(8_190)}"ok":true`, 'Error: the text is not in the first 8192 bytes of the body'],
  ['{"ok":false}', 'Error: the text is not in the first 8192 bytes of the body'],
  ['', 'Error: the text is not in the first 8192 bytes of the body'],
])('the text has to be in the start of the body', async (body, expected) => {
  const peer = await answering((_, response) => response.end(body))
  expect(await examine({ ...http, body: '"ok":true' }, peer)).toBe(expected)
})

test('a body without end is read no further than it is looked at', async () => {
  let written = 0
  const peer = await answering((_, response) => {
    const more = (): void => {
      written += 1_000
      if (!response.destroyed) response.write('x'.repeat(1_000), () => setImmediate(more))
    }
    more()
  })
  expect(await examine(http, peer)).toBeUndefined()
  await untilNoSockets(peer)
  expect(written).toBeLessThan(8_000_000)
})

test('a body that breaks off is not well', async () => {
  const peer = await answering((_, response) => {
    response.writeHead(200, { 'content-length': 100 }).write('half', () => response.destroy())
  })
  expect(await examine(http, peer)).toMatch(/aborted|hang up/)
})

test('a 101 that nobody asked for is not well', async () => {
  const peer = kept(
    await rawServer((socket) => {
      socket.once('data', () =>
        socket.write('HTTP/1.1 101 X\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n'),
      )
    }),
  )
  expect(await examine(http, peer)).toBe('Error: the status is 101')
})

test.each([
  ['HTTP', http],
  ['WebSocket', webSocket],
])(
  '%s: a server that accepts and says nothing holds it no longer than the signal',
  async (_, check) => {
    const controller = new AbortController()
    const peer = kept(
      await rawServer((socket) => void socket.once('data', () => controller.abort())),
    )
    expect(await examine(check, peer, controller.signal)).toContain('AbortError')
    await untilNoSockets(peer)
  },
)

test.each([
  ['HTTP', http],
  ['WebSocket', webSocket],
])('%s: half a head is no answer', async (_, check) => {
  const peer = kept(
    await rawServer((socket) => void socket.once('data', () => socket.end('HTTP/1.1 200 O'))),
  )
  expect(await examine(check, peer)).toBeDefined()
})

test.each(hostileAnswers.filter(({ fin }) => fin === undefined).slice(0, 12))(
  'HTTP: $name is not well, and ends nothing else',
  async ({ bytes }) => {
    const controller = new AbortController()
    const peer = kept(
      await rawServer((socket) => void socket.once('data', () => socket.end(bytes))),
    )
    expect(await examine(http, peer, controller.signal)).toBeDefined()
  },
)

test('TCP: a server that can be connected to is well, whatever it says', async () => {
  const peer = kept(await rawServer((socket) => void socket.write('SSH-2.0-x\r\n')))
  expect(await examine({ kind: 'tcp' }, peer)).toBeUndefined()
  await untilNoSockets(peer)
})

test('WebSocket: the handshake is a real one, and ends with 1000', async () => {
  const peer = kept(await wsEcho())
  const closed = new Promise((resolve) => {
    peer.server.once('connection', (socket, request) => {
      socket.once('close', (code) => resolve({ code, url: request.url }))
    })
  })
  expect(await examine(webSocket, peer)).toBeUndefined()
  expect(await closed).toEqual({ code: 1000, url: '/ws?check=1' })
  await untilNoSockets(peer)
})

test('WebSocket: an answer that is no 101 is not well', async () => {
  const peer = await answering((_, response) => response.writeHead(200).end('fine'))
  expect(await examine(webSocket, peer)).toBe('Error: the upgrade was answered with 200')
  await untilNoSockets(peer)
})

test('WebSocket: a 101 that shakes no hands is not well', async () => {
  const peer = createServer()
  peer.on('upgrade', (_, socket: Socket) => {
    socket.write(
      'HTTP/1.1 101 X\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Accept: no\r\n\r\n',
    )
  })
  expect(await examine(webSocket, kept(await listening(peer)))).toContain('Sec-WebSocket-Accept')
})

test('WebSocket: a server that does not close is well, and is left when the time is over', async () => {
  const controller = new AbortController()
  const peer = kept(await wsEcho())
  peer.server.on('connection', (_, { socket }) => {
    // Takes the Close and keeps it to itself.
    socket.removeAllListeners('data')
    socket.once('data', () => controller.abort())
  })
  expect(await examine(webSocket, peer, controller.signal)).toBeUndefined()
  await untilNoSockets(peer)
})
