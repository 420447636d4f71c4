import { afterEach, expect, test } from 'vitest'
import { startGateway } from '../support/gateway.ts'
import type { RunningGateway } from '../support/gateway.ts'
import { bearer, mint, tokens } from '../support/login.ts'
import { wsEcho } from '../support/peers.ts'
import type { Peer } from '../support/peers.ts'
import { RawClient, upgradeHead } from '../support/raw-client.ts'
import type { Head } from '../support/raw-client.ts'

let running: RunningGateway
let upstream: Peer
const clients: RawClient[] = []
afterEach(() => {
  for (const client of clients.splice(0)) client.destroy()
  running.stop()
  upstream.close()
})

async function setUp(limits: Record<string, unknown>): Promise<void> {
  upstream = await wsEcho()
  running = await startGateway({
    listeners: { edge: { bind: '127.0.0.1:0' } },
    trustedProxies: ['127.0.0.1'],
    upstreams: { app: { servers: [`http://127.0.0.1:${upstream.port}`] } },
    authenticators: { staff: tokens() },
    routes: [
      { name: 'own', match: { path: '/own' }, proxy: 'app', auth: 'staff', limits },
      { name: 'main', proxy: 'app', auth: 'staff' },
    ],
    limits,
  })
}

/** @param from what the trusted proxy says of the client's address */
async function open(
  token: string,
  from: string,
  path = '/',
): Promise<Head & { socket: RawClient }> {
  const socket = await RawClient.connect(running.port())
  clients.push(socket)
  socket.send(upgradeHead(path, { ...bearer(token), 'X-Forwarded-For': from }))
  return { ...(await socket.head()), socket }
}

test('an identity has so many sessions wherever it comes from, and others have theirs', async () => {
  await setUp({ sessionsPerIdentity: 2 })
  // Not the token is counted but whose it is.
  const [ada, again, bob] = [await mint(), await mint({ jti: '2' }), await mint({ sub: 'bob' })]
  const first = await open(ada, '192.0.2.1')
  expect(first.status).toBe(101)
  expect(await open(again, '192.0.2.2')).toMatchObject({ status: 101 })
  const refused = await open(ada, '192.0.2.3')
  expect(refused.status).toBe(429)
  expect(refused.headers.get('retry-after')).toBe('1')
  expect((await refused.socket.take(15)).toString()).toBe('identity-limit\n')
  expect(await open(bob, '192.0.2.1')).toMatchObject({ status: 101 })
  const lines = running.log.lines.filter(({ msg }) => msg === 'refused')
  expect(lines).toEqual([
    expect.objectContaining({ error: 'identity-limit', status: 429, client: '192.0.2.3' }),
  ])
  first.socket.destroy()
  await running.log.line('session closed')
  expect(await open(ada, '192.0.2.3')).toMatchObject({ status: 101 })
})

test('a route’s own limit counts its own sessions, where it has the value of the global one too', async () => {
  await setUp({ sessionsPerClient: 1, sessionsPerIdentity: 1 })
  const token = await mint()
  expect(await open(token, '192.0.2.1')).toMatchObject({ status: 101 })
  expect(await open(token, '192.0.2.1', '/own')).toMatchObject({ status: 101 })
  expect(await open(token, '192.0.2.1', '/own')).toMatchObject({ status: 429 })
})

test('whoever fails to log in takes no place of the route', async () => {
  await setUp({ sessions: 1 })
  const wrong = await mint({ aud: 'others' })
  const statuses = await Promise.all(
    Array.from({ length: 5 }, async () => (await open(wrong, '192.0.2.1')).status),
  )
  expect(statuses).toEqual([401, 401, 401, 401, 401])
  expect(await open(await mint(), '192.0.2.1')).toMatchObject({ status: 101 })
  expect(await open(await mint(), '192.0.2.1')).toMatchObject({ status: 503 })
})

test('a client over its sessions is refused before anybody looks at its credential', async () => {
  await setUp({ sessionsPerClient: 1 })
  expect(await open(await mint(), '192.0.2.1')).toMatchObject({ status: 101 })
  expect(await open('not a token', '192.0.2.1')).toMatchObject({ status: 429 })
  expect(await open('not a token', '192.0.2.2')).toMatchObject({ status: 401 })
})
