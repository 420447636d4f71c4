import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { proxyTo, startGateway } from '../support/gateway.ts'
import type { RunningGateway } from '../support/gateway.ts'
import { bearer, mint, tokens } from '../support/login.ts'
import { notingUpstream } from '../support/noting-upstream.ts'
import type { NotingUpstream } from '../support/noting-upstream.ts'
import { closeOf, echo, mustOpen, openWebSocket } from '../support/websocket-client.ts'

const app = 'https://app.example'
const page = { Origin: app }

let upstream: NotingUpstream
let running: RunningGateway

beforeAll(async () => {
  upstream = await notingUpstream()
})
afterAll(() => upstream.close())
afterEach(() => {
  running.stop()
  upstream.requests.length = 0
})

async function start(ticket: Record<string, unknown> = {}, more = {}): Promise<void> {
  const route = { proxy: 'app', auth: ['staff', 'page'] }
  running = await startGateway(
    proxyTo(`http://127.0.0.1:${upstream.port}`, {
      authenticators: { staff: tokens(), page: { ticket } },
      routes: [
        { name: 'chat', match: { path: '/chat/*' }, ...route, origins: [app] },
        { name: 'games', match: { path: '/games/*' }, ...route, origins: '*' },
        { name: 'tokens', match: { path: '/tokens/*' }, proxy: 'app', auth: 'staff' },
        { name: 'main', proxy: 'app' },
      ],
      identity: { headers: { 'x-user': 'subject' } },
      ...more,
    }),
  )
}

const from = (address: string) => ({ ...page, 'X-Forwarded-For': address })

const allows = (answer: Response): (string | null)[] =>
  ['origin', 'credentials'].map((name) => answer.headers.get(`access-control-allow-${name}`))

async function ask(
  query: string,
  headers: Record<string, string>,
  method = 'POST',
  path = '/.drawbridge/ticket',
): Promise<Response> {
  return await fetch(`http://127.0.0.1:${running.port()}${path}${query}`, { method, headers })
}

async function ticketFor(path: string, headers: Record<string, string>): Promise<string> {
  const answer = await ask(`?for=${path}`, headers)
  expect(answer.status).toBe(200)
  return ((await answer.json()) as { ticket: string }).ticket
}

async function outcome(path: string, headers: Record<string, string> = page): Promise<string> {
  const { status, body, socket } = await openWebSocket(running.port(), path, { headers })
  socket?.terminate()
  return `${status} ${body.trim()}`.trim()
}

describe('a ticket', () => {
  test('is given to whom an upgrade would let pass, and opens one WebSocket', async () => {
    await start()
    const answer = await ask('?for=/chat/room', {
      ...page,
      ...bearer(await mint({ sub: 'grace' })),
    })
    const { ticket, expiresIn } = (await answer.json()) as { ticket: string; expiresIn: number }
    expect(Buffer.from(ticket, 'base64url')).toHaveLength(32)
    expect(expiresIn).toBe(30)
    expect(answer.headers.get('cache-control')).toBe('no-store')
    expect(answer.headers.get('content-type')).toBe('application/json')

    const path = `/chat/room?ticket=${ticket}&x=1`
    const socket = await mustOpen(running.port(), path, { headers: page })
    expect(await echo(socket, 'hello')).toBe('hello')
    socket.terminate()
    const [request, ...others] = upstream.requests
    expect(others).toEqual([])
    expect(request!.url).toBe('/chat/room?x=1')
    expect(request!.all('x-user')).toEqual(['grace'])
    expect(await running.log.line('session opened')).toMatchObject({ identity: 'grace' })
    expect(await running.log.line('request')).toMatchObject({
      path: '/.drawbridge/ticket',
      route: 'chat',
      status: 200,
      identity: 'grace',
    })

    expect(await outcome(path)).toBe('401 credentials-invalid')
    const told = JSON.stringify([
      running.log.lines,
      upstream.requests,
      await running.metrics.render(),
    ])
    expect(told).not.toContain(ticket)
  })

  test('is good for its route only, and is spent by the attempt', async () => {
    await start()
    const headers = { ...page, ...bearer(await mint()) }
    const ticket = await ticketFor('/chat/room', headers)
    expect(await outcome(`/games/go?ticket=${ticket}`)).toBe('401 credentials-invalid')
    expect(await outcome(`/chat/room?ticket=${ticket}`)).toBe('401 credentials-invalid')
    // Another path of the same route is as good as the one that was named.
    const other = await ticketFor('/chat/room', headers)
    expect(await outcome(`/chat/hall?ticket=${other}`)).toBe('101')
  })

  test('is bound to its page’s origin, and a missing one to a missing one', async () => {
    await start()
    const token = bearer(await mint())
    const paged = await ticketFor('/games/go', { ...page, ...token })
    expect(await outcome(`/games/go?ticket=${paged}`, { Origin: 'https://other.example' })).toBe(
      '401 credentials-invalid',
    )
    const pageless = await ticketFor('/games/go', token)
    expect(await outcome(`/games/go?ticket=${pageless}`)).toBe('401 credentials-invalid')
    const again = await ticketFor('/games/go', token)
    expect(await outcome(`/games/go?ticket=${again}`, {})).toBe('101')
  })

  test('is bound to its client’s address where that is wished', async () => {
    const proxied = { trustedProxies: ['127.0.0.1'] }
    for (const [bindAddress, status] of [
      [true, '401 credentials-invalid'],
      [false, '101'],
    ] as const) {
      await start({ bindAddress }, proxied)
      const headers = { ...from('192.0.2.1'), ...bearer(await mint()) }
      const [one, two] = [await ticketFor('/chat/x', headers), await ticketFor('/chat/x', headers)]
      expect(await outcome(`/chat/x?ticket=${one}`, from('192.0.2.1'))).toBe('101')
      expect(await outcome(`/chat/x?ticket=${two}`, from('192.0.2.2'))).toBe(status)
      running.stop()
    }
  })

  test('is refused with a plain request, and is not taken by that', async () => {
    await start()
    const ticket = await ticketFor('/chat/x', { ...page, ...bearer(await mint()) })
    const answer = await ask(`?ticket=${ticket}`, {}, 'GET', '/chat/x')
    expect([answer.status, await answer.text()]).toEqual([401, 'credentials-invalid\n'])
    expect(await outcome(`/chat/x?ticket=${ticket}`)).toBe('101')
  })

  test('that comes twice is refused', async () => {
    await start()
    const ticket = await ticketFor('/chat/x', { ...page, ...bearer(await mint()) })
    expect(await outcome(`/chat/x?ticket=${ticket}&ticket=${ticket}`)).toBe(
      '401 credentials-invalid',
    )
  })

  test('ends after its lifetime', async () => {
    await start({ lifetime: '1s' })
    const headers = { ...page, ...bearer(await mint()) }
    const ticket = await ticketFor('/chat/x', headers)
    // A session that lives as long is over when the ticket is.
    const socket = await mustOpen(running.port(), '/chat/x', {
      headers: { ...page, ...bearer(await mint({ exp: Math.floor(Date.now() / 1000) + 2 })) },
    })
    await closeOf(socket)
    expect(await outcome(`/chat/x?ticket=${ticket}`)).toBe('401 credentials-expired')
  })

  test('carries the end of the token that it was given for', async () => {
    await start()
    const exp = Math.floor(Date.now() / 1000) + 2
    const answer = await ask('?for=/chat/x', { ...page, ...bearer(await mint({ exp })) })
    const { ticket, expiresIn } = (await answer.json()) as { ticket: string; expiresIn: number }
    expect(expiresIn).toBeLessThanOrEqual(2)
    const socket = await mustOpen(running.port(), `/chat/x?ticket=${ticket}`, { headers: page })
    expect(await closeOf(socket)).toBe('3000 session-expired')
    expect(Date.now()).toBeGreaterThanOrEqual(exp * 1000)
  })

  test('of a token that has been revoked opens nothing, and what it has opened ends', async () => {
    await start()
    const headers = { ...page, ...bearer(await mint({ jti: 'one' })) }
    const [spent, kept] = [await ticketFor('/chat/x', headers), await ticketFor('/chat/x', headers)]
    const socket = await mustOpen(running.port(), `/chat/x?ticket=${spent}`, { headers: page })
    expect(running.gateway.revoke({ tokenId: 'one' })).toBe(1)
    expect(await closeOf(socket)).toBe('3000 session-revoked')
    expect(await outcome(`/chat/x?ticket=${kept}`)).toBe('401 credentials-invalid')
    expect((await ask('?for=/chat/x', headers)).status).toBe(401)
  })
})

describe('nobody gets one', () => {
  const cases: [string, string, Record<string, string>, number, string][] = [
    ['without a credential', '?for=/chat/x', page, 401, 'credentials-missing'],
    [
      'with a wrong one',
      '?for=/chat/x',
      { ...page, ...bearer('x.y.z') },
      401,
      'credentials-invalid',
    ],
    ['with a ticket', '?for=/chat/x&ticket=x', page, 401, 'credentials-missing'],
    [
      'from a foreign page',
      '?for=/chat/x',
      { Origin: 'https://evil.example' },
      403,
      'origin-denied',
    ],
    ['for a route without tickets', '?for=/tokens/x', page, 404, 'route-missing'],
    ['for a route without logins', '?for=/', page, 404, 'route-missing'],
    ['for nothing', '', page, 400, 'request-malformed'],
    ['for two things', '?for=/chat/x&for=/games/y', page, 400, 'request-malformed'],
    ['for another server', '?for=https://evil.example/chat/x', page, 400, 'request-malformed'],
    ['for an ambiguous path', '?for=/chat/..%252f', page, 400, 'path-ambiguous'],
  ]
  test.each(cases)('%s', async (_, query, headers, status, token) => {
    await start()
    const answer = await ask(query, headers)
    expect([answer.status, await answer.text()]).toEqual([status, `${token}\n`])
    expect(await running.log.line('refused')).toMatchObject({ error: token, status })
    expect(upstream.requests).toEqual([])
  })

  test('where no ticket is configured: the path is anybody’s', async () => {
    running = await startGateway(proxyTo(`http://127.0.0.1:${upstream.port}`))
    await ask('?for=/chat', {})
    expect(upstream.requests[0]!.url).toBe('/.drawbridge/ticket?for=/chat')
  })

  test('by another method', async () => {
    await start()
    const answer = await ask('?for=/chat/x', { ...page, ...bearer(await mint()) }, 'GET')
    expect(answer.status).toBe(405)
    expect(answer.headers.get('allow')).toBe('POST, OPTIONS')
  })

  test('faster than plain requests may come', async () => {
    await start({}, { admission: { requestsPerClient: '1/h' } })
    const headers = { ...page, ...bearer(await mint()) }
    expect((await ask('?for=/chat/x', headers)).status).toBe(200)
    expect((await ask('?for=/chat/x', headers)).status).toBe(429)
  })
})

describe('a page', () => {
  const preflight = {
    'Access-Control-Request-Method': 'POST',
    'Access-Control-Request-Headers': 'authorization',
  }
  test('of the route’s origins may ask, and read the answer', async () => {
    await start()
    const asked = await ask('?for=/chat/x', { ...page, ...preflight }, 'OPTIONS')
    expect(asked.status).toBe(204)
    expect(allows(asked)).toEqual([app, 'true'])
    expect(asked.headers.get('access-control-allow-methods')).toBe('POST')
    expect(asked.headers.get('access-control-allow-headers')).toBe('authorization')
    const given = await ask('?for=/chat/x', { ...page, ...bearer(await mint()) })
    expect(allows(given)).toEqual([app, 'true'])
    expect(given.headers.get('vary')).toContain('Origin')
    const refused = await ask('?for=/chat/x', page)
    expect([refused.status, ...allows(refused)]).toEqual([401, app, 'true'])
    expect(refused.headers.get('cache-control')).toBe('no-store')
  })

  test('of any origin may ask where the route says so, without what browsers send unasked', async () => {
    await start()
    const other = { Origin: 'https://other.example' }
    expect(allows(await ask('?for=/games/x', { ...other, ...preflight }, 'OPTIONS'))).toEqual([
      'https://other.example',
      null,
    ])
  })

  test('of another origin may neither', async () => {
    await start()
    const evil = { Origin: 'https://evil.example', ...bearer(await mint()) }
    for (const method of ['OPTIONS', 'POST']) {
      const answer = await ask('?for=/chat/x', { ...evil, ...preflight }, method)
      expect([answer.status, ...allows(answer)]).toEqual([403, null, null])
    }
  })
})

test('another path, and another way to carry the credential', async () => {
  await start(
    { path: '/login/ticket' },
    {
      authenticators: {
        staff: tokens({ from: 'query:token' }),
        page: { ticket: { path: '/login/ticket' } },
      },
    },
  )
  const token = await mint()
  const answer = await ask(`?token=${token}&for=/chat/x%3Fy=1`, page, 'POST', '/login/ticket')
  const { ticket } = (await answer.json()) as { ticket: string }
  expect(await outcome(`/chat/x?y=1&ticket=${ticket}`)).toBe('101')
  expect(JSON.stringify(running.log.lines)).not.toContain(token)
})
