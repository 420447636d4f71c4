import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { startGateway } from '../support/gateway.ts'
import type { RunningGateway } from '../support/gateway.ts'
import { bearer, mint, tokens } from '../support/login.ts'
import { notingUpstream } from '../support/noting-upstream.ts'
import type { NotingUpstream } from '../support/noting-upstream.ts'
import { mustOpen, openWebSocket } from '../support/websocket-client.ts'

let upstream: NotingUpstream
let running: RunningGateway

beforeAll(async () => {
  upstream = await notingUpstream()
  const guarded = { auth: ['staff', 'guests'] }
  running = await startGateway({
    listeners: { edge: { bind: '127.0.0.1:0' } },
    upstreams: { app: { servers: [`http://127.0.0.1:${upstream.port}`] } },
    authenticators: {
      staff: tokens({ require: { role: ['staff', 'admin'] } }),
      guests: tokens({ audience: 'guests', from: ['query:token', 'header'] }),
    },
    routes: [
      { name: 'open', match: { path: '/open/*' }, proxy: 'app' },
      {
        name: 'text',
        match: { path: '/text' },
        respond: { status: 200, body: 'hello' },
        ...guarded,
      },
      { name: 'moved', match: { path: '/moved' }, redirect: 'https', ...guarded },
      { name: 'files', match: { path: '/docs/*' }, static: 'docs', ...guarded },
      { name: 'app', proxy: 'app', ...guarded },
    ],
    identity: { headers: { 'x-user': 'subject', 'x-role': 'claims.role' } },
  })
})
beforeEach(() => {
  upstream.requests.length = 0
})
afterAll(() => {
  running.stop()
  upstream.close()
})

const url = (path: string): string => `http://127.0.0.1:${running.port()}${path}`
const guarded = ['/app', '/text', '/moved', '/docs/errors.md']

describe('a request without a credential', () => {
  test.each(guarded)('gets 401 at %s, with the ways to come in', async (path) => {
    const answer = await fetch(url(path), { redirect: 'manual' })
    expect(answer.status).toBe(401)
    expect(answer.headers.get('www-authenticate')).toBe(
      'Bearer realm="staff", Bearer realm="guests"',
    )
    expect(await answer.text()).toBe('credentials-missing\n')
    expect(upstream.requests).toEqual([])
    expect(await running.log.line('refused', { path, error: 'credentials-missing' })).toMatchObject(
      {
        status: 401,
      },
    )
  })

  test('gets 401 for an upgrade too, and nothing is dialled', async () => {
    const { status, headers, body } = await openWebSocket(running.port(), '/app')
    expect([status, body]).toEqual([401, 'credentials-missing\n'])
    expect(headers['www-authenticate']).toContain('Bearer realm="staff"')
    expect(upstream.requests).toEqual([])
  })

  test('is served on a route that asks for none', async () => {
    expect((await fetch(url('/open/x'))).status).toBe(200)
    const socket = await mustOpen(running.port(), '/open/x')
    socket.terminate()
  })

  test('its own Authorization goes on where nobody asks for one', async () => {
    await fetch(url('/open/x?token=mine'), { headers: { Authorization: 'Bearer mine' } })
    expect(upstream.requests[0]!.all('authorization')).toEqual(['Bearer mine'])
    expect(upstream.requests[0]!.url).toBe('/open/x?token=mine')
  })
})

describe('a request with one', () => {
  test('is served, and the upstream learns whose it is', async () => {
    const token = await mint({ sub: 'grace', role: 'admin' })
    const answer = await fetch(url('/app/x?y=1'), { headers: bearer(token) })
    expect(answer.status).toBe(200)
    const [request] = upstream.requests
    expect(request!.url).toBe('/app/x?y=1')
    expect(request!.all('x-user')).toEqual(['grace'])
    expect(request!.all('x-role')).toEqual(['admin'])
    expect(request!.all('authorization')).toEqual([])
    expect(await running.log.line('request', { path: '/app/x' })).toMatchObject({
      identity: 'grace',
    })
  })

  test('opens a WebSocket, and the log says whose', async () => {
    const token = await mint({ sub: 'joan', role: 'staff' })
    const socket = await mustOpen(running.port(), '/app/ws', { headers: bearer(token) })
    expect(upstream.requests[0]!.all('x-user')).toEqual(['joan'])
    socket.close()
    for (const msg of ['session opened', 'session closed']) {
      expect(await running.log.line(msg, { path: '/app/ws' })).toMatchObject({ identity: 'joan' })
    }
  })

  test('passes by the second of two authenticators', async () => {
    const token = await mint({ sub: 'visitor', aud: 'guests' })
    expect((await fetch(url(`/app?token=${token}`))).status).toBe(200)
    expect(upstream.requests[0]!.all('x-user')).toEqual(['visitor'])
    expect(upstream.requests[0]!.all('x-role')).toEqual([])
    expect(upstream.requests[0]!.url).toBe('/app')
  })

  test.each([
    ['/text', 200],
    ['/moved', 308],
    ['/docs/errors.md', 200],
  ])('is answered at %s', async (path, status) => {
    const token = await mint({ aud: 'guests' })
    const answer = await fetch(url(`${path}?token=${token}&x=1`), { redirect: 'manual' })
    expect(answer.status).toBe(status)
    // A redirect must not send the token round.
    expect(answer.headers.get('location') ?? '').not.toContain(token)
  })

  test.each([
    ['wrong', async () => await mint({ iss: 'https://other.example' }), 401, 'credentials-invalid'],
    ['expired', async () => await mint({ exp: 1_000_000 }), 401, 'credentials-expired'],
    ['of the wrong role', async () => await mint({ role: 'user' }), 403, 'permission-missing'],
  ])('gets %s: its token', async (_, make, status, token) => {
    const headers = bearer(await make())
    const answer = await fetch(url('/app/wrong'), { headers })
    expect([answer.status, await answer.text()]).toEqual([status, `${token}\n`])
    const upgrade = await openWebSocket(running.port(), '/app/wrong', { headers })
    expect([upgrade.status, upgrade.body]).toEqual([status, `${token}\n`])
    expect(upstream.requests).toEqual([])
  })
})

test('headers that name an identity never come from a client, however they are spelled', async () => {
  const token = await mint({ sub: 'ada', role: 'staff' })
  const spoofed = {
    'X-User': 'root',
    X_User: 'root',
    'X-ROLE': 'admin',
    Connection: 'x-user, x-role',
  }
  await fetch(url('/open/spoof'), { headers: { 'X-User': 'root', X_User: 'root' } })
  const socket = await mustOpen(running.port(), '/app/spoof', {
    headers: { ...bearer(token), ...spoofed, Connection: 'Upgrade, x-user, x-role' },
  })
  socket.terminate()
  const [plain, upgrade] = upstream.requests
  expect(JSON.stringify([plain, upgrade])).not.toContain('root')
  expect(upgrade!.all('x-user')).toEqual(['ada'])
  expect(upgrade!.all('x-role')).toEqual(['staff'])
})
