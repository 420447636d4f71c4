import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { proxyTo, startGateway } from '../support/gateway.ts'
import type { RunningGateway } from '../support/gateway.ts'
import { bearer, mint, tokens } from '../support/login.ts'
import { httpServer } from '../support/peers.ts'
import type { Peer } from '../support/peers.ts'
import { notingUpstream } from '../support/noting-upstream.ts'
import type { NotingUpstream } from '../support/noting-upstream.ts'
import { closeOf, mustOpen, openWebSocket } from '../support/websocket-client.ts'

let upstream: NotingUpstream
let portal: Peer
/** What the auth server answers, and what it was asked. */
let says: { status: number; headers: Record<string, string>; body?: string }
const asked: { url: string; headers: NodeJS.Dict<string | string[]> }[] = []
let running: RunningGateway

beforeAll(async () => {
  upstream = await notingUpstream()
  portal = await httpServer(({ url = '', headers }, response) => {
    asked.push({ url, headers })
    response.writeHead(says.status, says.headers).end(says.body)
  })
})
afterEach(() => {
  running.stop()
  asked.length = 0
  upstream.requests.length = 0
})
afterAll(() => {
  portal.close()
  upstream.close()
})

async function start(route: Record<string, unknown> = {}, more = {}): Promise<void> {
  says = { status: 200, headers: { 'x-user': 'ada' } }
  running = await startGateway(
    proxyTo(`http://127.0.0.1:${upstream.port}`, {
      authenticators: {
        portal: {
          forward: {
            url: `http://127.0.0.1:${portal.port}/check`,
            copy: ['x-user', 'authorization'],
          },
        },
        staff: tokens(),
        page: { ticket: {} },
      },
      routes: [
        { name: 'main', proxy: 'app', auth: ['portal', 'page'], requireOrigin: false, ...route },
      ],
      identity: { headers: { 'x-subject': 'subject' } },
      ...more,
    }),
  )
}

async function told(headers: Record<string, string> = {}, path = '/ws'): Promise<string> {
  const { status, body, socket } = await openWebSocket(running.port(), path, { headers })
  if (socket === undefined) return `${status} ${body.trim()}`
  socket.terminate()
  return '101'
}

describe('the auth server is not asked where a cheaper check has refused', () => {
  test.each<
    [string, Record<string, unknown>, Record<string, unknown>, Record<string, string>, string]
  >([
    ['an address', { clients: { deny: ['127.0.0.0/8'] } }, {}, {}, '403 address-denied'],
    ['an origin', {}, {}, { Origin: 'https://evil.example' }, '403 origin-denied'],
    ['no origin', { requireOrigin: true }, {}, {}, '403 origin-denied'],
  ])('%s', async (_, route, more, headers, expected) => {
    await start(route, more)
    expect(await told(headers)).toBe(expected)
    expect(asked).toEqual([])
  })

  test('handshakes too fast', async () => {
    await start({}, { admission: { handshakesPerClient: '1/h' } })
    expect(await told()).toBe('101')
    expect(await told()).toBe('429 client-limit')
    expect(asked).toHaveLength(1)
  })

  test('requests too fast', async () => {
    await start({}, { admission: { requestsPerClient: '1/h' } })
    const url = `http://127.0.0.1:${running.port()}/`
    expect((await fetch(url)).status).toBe(200)
    expect((await fetch(url)).status).toBe(429)
    expect(asked).toHaveLength(1)
  })

  test('the client’s sessions', async () => {
    await start({ limits: { sessionsPerClient: 1 } })
    const socket = await mustOpen(running.port(), '/ws')
    expect(await told()).toBe('429 client-limit')
    expect(asked).toHaveLength(1)
    socket.terminate()
  })
})

test('the identity’s sessions are counted after it, and the upstream is not dialled', async () => {
  await start({ limits: { sessionsPerIdentity: 1 } })
  const socket = await mustOpen(running.port(), '/ws')
  expect(await told()).toBe('429 identity-limit')
  expect(asked).toHaveLength(2)
  says.headers = { 'x-user': 'grace' }
  expect(await told()).toBe('101')
  expect(upstream.requests).toHaveLength(2)
  socket.terminate()
})

const get = async (): Promise<Response> =>
  await fetch(`http://127.0.0.1:${running.port()}/page?x=1`, { redirect: 'manual' })

describe('what the auth server answers', () => {
  test('goes upstream in the headers that are copied, in place of the client’s own', async () => {
    await start()
    says.headers = { 'x-user': 'ada', authorization: 'Bearer inside', 'x-other': 'no' }
    await fetch(`http://127.0.0.1:${running.port()}/page`, {
      headers: { 'X-User': 'root', Authorization: 'Bearer outside' },
    })
    const [request] = upstream.requests
    expect(request!.all('x-user')).toEqual(['ada'])
    expect(request!.all('x-subject')).toEqual(['ada'])
    expect(request!.all('authorization')).toEqual(['Bearer inside'])
    expect(request!.all('x-other')).toEqual([])
  })

  test.each([
    [401, { 'www-authenticate': 'Basic realm="portal"' }, 'credentials-invalid'],
    [403, {}, 'permission-missing'],
  ])('is passed on: %i', async (status, headers, error) => {
    await start()
    says = { status, headers: { ...headers, 'content-type': 'text/html' }, body: '<p>no</p>' }
    const answer = await get()
    expect([answer.status, await answer.text()]).toEqual([status, '<p>no</p>'])
    if (status === 401) expect(answer.headers.get('www-authenticate')).toBe('Basic realm="portal"')
    expect(await told()).toBe(`${status} <p>no</p>`)
    expect(await running.log.line('refused')).toMatchObject({ status, error, path: '/page' })
    expect(upstream.requests).toEqual([])
  })

  test('is passed on to a plain request where it leads to a login page', async () => {
    await start()
    says = {
      status: 302,
      headers: { location: 'https://login.example/?back=x', 'set-cookie': 'a=b' },
    }
    const answer = await get()
    expect(answer.status).toBe(302)
    expect(answer.headers.get('location')).toBe('https://login.example/?back=x')
    expect(answer.headers.get('set-cookie')).toBe('a=b')
    expect(await running.log.line('request')).toMatchObject({ status: 302 })
    expect(await told()).toMatch(/^401 /)
    expect(upstream.requests).toEqual([])
  })

  test.each([500, 404, 204.5])('is none: %d', async (status) => {
    await start()
    says.status = Math.ceil(status)
    if (status === 204.5) says.headers = { 'x-session-expires': 'never' }
    const answer = await get()
    expect([answer.status, await answer.text()]).toEqual([503, 'auth-unavailable\n'])
    expect(answer.headers.get('retry-after')).not.toBeNull()
    expect(upstream.requests).toEqual([])
  })

  test('is seen by a page where refusals are visible', async () => {
    const page = { Origin: 'https://app.example' }
    await start({ refuse: 'visible', origins: [page.Origin] })
    says = { status: 403, headers: {} }
    const { socket } = await openWebSocket(running.port(), '/ws', { headers: page })
    expect(await closeOf(socket!)).toBe('3003 permission-missing')
    says = { status: 401, headers: { 'www-authenticate': 'Basic realm="portal"' } }
    const plain = await openWebSocket(running.port(), '/ws')
    expect(plain.status).toBe(401)
    expect(plain.headers['www-authenticate']).toBe('Basic realm="portal"')
  })
})

describe('a session of a login that is asked about again', () => {
  const recheck = { sessions: { recheck: '1s' } }

  test('ends when the auth server says so', async () => {
    await start({}, recheck)
    const socket = await mustOpen(running.port(), '/ws')
    const closed = closeOf(socket)
    says = { status: 401, headers: {} }
    expect(await closed).toBe('3000 session-revoked')
    expect(asked).toHaveLength(2)
  })

  test('lives on while the auth server is down', async () => {
    await start({}, recheck)
    const socket = await mustOpen(running.port(), '/ws')
    says = { status: 500, headers: {} }
    await running.log.line('recheck failed, the session goes on')
    const closed = closeOf(socket)
    says = { status: 403, headers: {} }
    expect(await closed).toBe('3000 session-revoked')
  })

  test('that came in by a ticket is asked about with what the ticket was given for', async () => {
    await start({}, recheck)
    const answer = await fetch(`http://127.0.0.1:${running.port()}/.drawbridge/ticket?for=/ws`, {
      method: 'POST',
      headers: { Cookie: 'login=mine' },
    })
    expect(asked[0]!.headers['x-forwarded-uri']).toBe('/ws')
    expect(asked[0]!.headers['x-forwarded-method']).toBe('GET')
    const { ticket } = (await answer.json()) as { ticket: string }
    const socket = await mustOpen(running.port(), `/ws?ticket=${ticket}`)
    const closed = closeOf(socket)
    const before = asked.length
    says = { status: 403, headers: {} }
    expect(await closed).toBe('3000 session-revoked')
    expect(asked[before]!.headers.cookie).toBe('login=mine')
  })
})

test('X-Session-Expires bounds the session', async () => {
  await start()
  const end = Math.floor(Date.now() / 1000) + 2
  says.headers = { 'x-user': 'ada', 'x-session-expires': String(end) }
  const socket = await mustOpen(running.port(), '/ws')
  expect(await closeOf(socket)).toBe('3000 session-expired')
  expect(Date.now()).toBeGreaterThanOrEqual(end * 1000)
})

test('a token beside an auth server that refuses lets pass', async () => {
  await start({ auth: ['portal', 'staff'] })
  says = { status: 401, headers: {} }
  expect(await told(bearer(await mint()))).toBe('101')
  expect(await told()).toMatch(/^401/)
})
