import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { startGateway } from '../support/gateway.ts'
import type { RunningGateway } from '../support/gateway.ts'
import { httpServer, rawServer } from '../support/peers.ts'
import type { Peer } from '../support/peers.ts'
import { RawClient, upgradeHead } from '../support/raw-client.ts'
import { notingUpstream } from '../support/noting-upstream.ts'
import type { NotingUpstream } from '../support/noting-upstream.ts'
import { closeOf, mustOpen, openWebSocket } from '../support/websocket-client.ts'

let upstream: NotingUpstream
let running: RunningGateway
const cleanup: (() => void)[] = []

beforeAll(async () => {
  upstream = await notingUpstream()
})
beforeEach(() => {
  upstream.requests.length = 0
})
afterEach(() => {
  running.stop()
  for (const undo of cleanup.splice(0)) undo()
})
afterAll(() => upstream.close())

type Handle = Parameters<typeof httpServer>[0]

/** The one token that the login server takes. */
const good = { Authorization: 'Bearer good', Cookie: 'session=1' }

const login: Handle = (request, response) => {
  if (request.headers.authorization !== 'Bearer good') response.writeHead(401).end('no')
  else response.setHeader('X-User', 'ada').end()
}

async function startWith(
  handle: Handle,
  forward: Record<string, unknown> = {},
  more: Record<string, unknown> = {},
): Promise<Peer> {
  const peer = await httpServer(handle)
  await startAt(peer, forward, more)
  return peer
}

async function startAt(
  peer: Peer,
  forward: Record<string, unknown> = {},
  more: Record<string, unknown> = {},
): Promise<void> {
  cleanup.push(() => peer.close())
  const url = `http://127.0.0.1:${peer.port}/auth`
  running = await startGateway({
    listeners: { edge: { bind: '127.0.0.1:0' } },
    upstreams: { app: { servers: [`http://127.0.0.1:${upstream.port}`] } },
    authenticators: { legacy: { forward: { url, copy: ['x-user', 'x-role'], ...forward } } },
    routes: [
      { name: 'open', match: { path: '/open' }, proxy: 'app' },
      { name: 'main', proxy: 'app', auth: 'legacy', requireOrigin: false },
    ],
    ...more,
  })
}

async function ask(path = '/', lines: readonly string[] = []) {
  const client = await RawClient.connect(running.port())
  client.send([`GET ${path} HTTP/1.1`, 'Host: app.example', ...lines, '', ''].join('\r\n'))
  const answer = await client.answer()
  client.socket.destroy()
  return answer
}

const linesOf = (headers: Record<string, string>): string[] =>
  Object.entries(headers).map(([name, value]) => `${name}: ${value}`)

describe('who passes', () => {
  test('is told to the upstream by the server, whatever the client says', async () => {
    await startWith(login)
    const spoofed = ['X-User: root', 'x_user: root', 'X-Role: root', 'Connection: x-user, x-role']
    expect(await ask('/chat', [...linesOf(good), ...spoofed])).toMatchObject({ status: 200 })
    const [request] = upstream.requests
    expect(request!.all('x-user')).toEqual(['ada'])
    expect(JSON.stringify(request!.rawHeaders)).not.toContain('root')
    // What the server was sent is the application's too.
    expect(request!.all('authorization')).toEqual(['Bearer good'])
  })

  test('cannot bring these headers along on routes without the server either', async () => {
    await startWith(login)
    await ask('/open', ['X-User: root', 'X.Role: root'])
    expect(JSON.stringify(upstream.requests[0]!.rawHeaders)).not.toContain('root')
  })

  test('has a session that the server can bound', async () => {
    const end = Math.floor(Date.now() / 1000) + 2
    await startWith((_request, response) => {
      response.setHeader('X-User', 'ada').setHeader('X-Session-Expires', end).end()
    })
    const socket = await mustOpen(running.port(), '/chat', { headers: good })
    expect(await closeOf(socket)).toBe('3000 session-expired')
    expect(Date.now()).toBeGreaterThanOrEqual(end * 1000)
    expect(await running.log.line('session closed')).toMatchObject({ identity: 'ada' })
  })

  test('is asked about again, and its session ends when the server says so', async () => {
    let asked = 0
    await startWith(
      (_request, response) => {
        asked += 1
        // The second question meets an outage, which ends nothing.
        if (asked === 2) response.destroy()
        else response.writeHead(asked < 5 ? 204 : 401, { 'X-User': 'ada' }).end()
      },
      {},
      { sessions: { recheck: '1s' } },
    )
    const socket = await mustOpen(running.port(), '/chat', { headers: good })
    expect(await closeOf(socket)).toBe('3000 session-revoked')
    expect(asked).toBeGreaterThanOrEqual(5)
  })
})

describe('who does not', () => {
  test.each([401, 403])('gets the answer of the server: %i', async (status) => {
    const headers = { 'WWW-Authenticate': 'Bearer realm="legacy"', 'Content-Type': 'text/html' }
    await startWith((_request, response) => response.writeHead(status, headers).end('<p>no</p>'))
    const answer = await ask('/chat')
    expect(answer).toMatchObject({ status, body: '<p>no</p>' })
    expect(answer.headers.get('www-authenticate')).toBe('Bearer realm="legacy"')
    const opened = await openWebSocket(running.port(), '/chat')
    expect(opened).toMatchObject({
      status,
      body: '<p>no</p>',
      headers: { 'content-type': 'text/html' },
    })
    expect(upstream.requests).toEqual([])
  })

  test('gets the login page, but for a WebSocket a 401', async () => {
    await startWith((_request, response) =>
      response.writeHead(302, { Location: 'https://login.example/?to=%2Fchat' }).end(),
    )
    const answer = await ask('/chat')
    expect(answer.status).toBe(302)
    expect(answer.headers.get('location')).toBe('https://login.example/?to=%2Fchat')
    expect(await openWebSocket(running.port(), '/chat')).toMatchObject({
      status: 401,
      body: 'credentials-missing\n',
    })
    expect(upstream.requests).toEqual([])
  })
})

const ok = 'HTTP/1.1 200 OK\r\nX-User: ada\r\n'
const faults: readonly (readonly [string, string, 'stay' | 'end' | 'reset'])[] = [
  ['closes', '', 'end'],
  ['resets', '', 'reset'],
  ['says nothing', '', 'stay'],
  ['speaks no HTTP', 'SSH-2.0-x\r\n', 'stay'],
  ['never ends its head', ok, 'stay'],
  ['cuts its head off', ok, 'end'],
  ['sends a head of 20 KiB', `${ok}${`X-Pad: ${'a'.repeat(1000)}\r\n`.repeat(20)}\r\n`, 'stay'],
  ['answers 101', 'HTTP/1.1 101 S\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n', 'stay'],
  ['answers 100 for ever', 'HTTP/1.1 100 Continue\r\n\r\n', 'stay'],
  ['answers 304', 'HTTP/1.1 304 N\r\nX-User: ada\r\n\r\n', 'stay'],
  ['answers 404', 'HTTP/1.1 404 N\r\nX-User: ada\r\nContent-Length: 0\r\n\r\n', 'stay'],
  ['answers 500', 'HTTP/1.1 500 N\r\nX-User: ada\r\nContent-Length: 0\r\n\r\n', 'stay'],
  ['sends 65 KiB', `${ok}Content-Length: 66560\r\n\r\n${'x'.repeat(66_560)}`, 'stay'],
  ['cuts its body off', `${ok}Content-Length: 9\r\n\r\nabc`, 'end'],
  ['never ends its body', `${ok}Content-Length: 9\r\n\r\nabc`, 'stay'],
  ['breaks its chunks', `${ok}Transfer-Encoding: chunked\r\n\r\nxx\r\n`, 'stay'],
  ['names an end that is none', `${ok}X-Session-Expires: x\r\nContent-Length: 0\r\n\r\n`, 'stay'],
]

describe('nobody passes where the server', () => {
  test.each(faults)('%s', async (_, bytes, after) => {
    const peer = await rawServer((socket) => {
      socket.on('data', () => {
        socket.write(Buffer.from(bytes, 'latin1'), () => {
          if (after === 'end') socket.end()
          else if (after === 'reset') socket.resetAndDestroy()
        })
      })
    })
    await startAt(peer, { timeout: '300ms' })
    const answer = await ask('/chat', linesOf(good))
    expect(answer).toMatchObject({ status: 503, body: 'auth-unavailable\n' })
    expect(answer.headers.get('retry-after')).toMatch(/^\d+$/)
    expect(await openWebSocket(running.port(), '/chat', { headers: good })).toMatchObject({
      status: 503,
      body: 'auth-unavailable\n',
    })
    expect(upstream.requests).toEqual([])
    expect(upstream.sockets.size).toBe(0)
    expect(JSON.stringify(running.log.lines)).not.toContain('Bearer good')
  })
})

describe('what only the server may set', () => {
  test('Authorization is its word where it is copied: a client’s own goes no further', async () => {
    const handle: Handle = (_, response) => response.setHeader('X-User', 'ada').end()
    await startWith(handle, { send: 'authorization', copy: ['x-user', 'authorization'] })
    expect((await ask('/', ['Authorization: Bearer clients-own'])).status).toBe(200)
    expect(upstream.requests[0]!.all('authorization')).toEqual([])
    expect(upstream.requests[0]!.all('x-user')).toEqual(['ada'])
    // A route without it passes a client's Authorization on, as ever.
    expect((await ask('/open', ['Authorization: Bearer clients-own'])).status).toBe(200)
    expect(upstream.requests[1]!.all('authorization')).toEqual(['Bearer clients-own'])
  })

  test('a redirect that an upgrade cannot follow is a 401 that says by whom', async () => {
    await startWith((_, response) => response.writeHead(302, { Location: '/login' }).end())
    const client = await RawClient.connect(running.port())
    client.send(upgradeHead('/'))
    const { status, headers } = await client.head()
    expect([status, headers.get('www-authenticate')]).toEqual([401, 'Forward realm="legacy"'])
    client.destroy()
  })
})
