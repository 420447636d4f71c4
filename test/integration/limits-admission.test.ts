import { afterEach, describe, expect, test } from 'vitest'
import { proxyTo, startGateway } from '../support/gateway.ts'
import type { LogLine, RunningGateway } from '../support/gateway.ts'
import { httpServer, wsEcho } from '../support/peers.ts'
import { RawClient, upgradeHead } from '../support/raw-client.ts'
import type { Head } from '../support/raw-client.ts'

const cleanups: (() => void)[] = []
afterEach(() => {
  for (const cleanup of cleanups.splice(0)) cleanup()
})

/** A gateway in front of an echo server that takes plain requests too. */
async function setUp(more: Record<string, unknown>): Promise<Run> {
  const upstream = await wsEcho()
  const app = await httpServer((_, response) => response.end('app'))
  const running = await startGateway({
    ...proxyTo(`http://127.0.0.1:${upstream.port}`),
    upstreams: {
      app: { servers: [`http://127.0.0.1:${upstream.port}`] },
      plain: { servers: [`http://127.0.0.1:${app.port}`] },
      gone: { servers: ['http://127.0.0.1:1'] },
    },
    trustedProxies: ['127.0.0.1'],
    routes: [
      { name: 'plain', match: { websocket: false }, proxy: 'plain' },
      { name: 'gone', match: { path: '/gone' }, proxy: 'gone' },
      { name: 'note', match: { path: '/note' }, respond: { status: 200, body: 'note' } },
      { name: 'main', proxy: 'app' },
    ],
    ...more,
  })
  cleanups.push(() => {
    running.stop()
    upstream.close()
    app.close()
  })
  return new Run(running)
}

class Run {
  readonly running: RunningGateway

  constructor(running: RunningGateway) {
    this.running = running
  }

  async connect(): Promise<RawClient> {
    const client = await RawClient.connect(this.running.port())
    cleanups.push(() => client.destroy())
    return client
  }

  /** @param client what a trusted proxy says of it */
  async upgrade(client = '192.0.2.1', path = '/'): Promise<Head & { socket: RawClient }> {
    const socket = await this.connect()
    socket.send(upgradeHead(path, { 'X-Forwarded-For': client }))
    return { ...(await socket.head()), socket }
  }

  async get(client = '192.0.2.1', path = '/', method = 'GET'): Promise<Head & { body: string }> {
    const socket = await this.connect()
    socket.send(
      `${method} ${path} HTTP/1.1\r\nHost: localhost\r\nX-Forwarded-For: ${client}\r\n\r\n`,
    )
    return await socket.answer()
  }

  /** The lines of refusals, once there are so many. */
  async refused(count: number): Promise<LogLine[]> {
    for (;;) {
      const lines = this.running.log.lines.filter(({ msg }) => msg === 'refused')
      if (lines.length >= count) return lines
      await new Promise((resolve) => setImmediate(resolve))
    }
  }
}

describe('handshakes of one client', () => {
  test('beyond their rate get 429, and when to come again', async () => {
    const run = await setUp({ admission: { handshakesPerClient: '2/m' } })
    expect(await run.upgrade()).toMatchObject({ status: 101 })
    const { status, headers, socket } = await run.upgrade()
    expect(status).toBe(429)
    expect(headers.get('retry-after')).toBe('30')
    expect((await socket.take(13)).toString()).toBe('client-limit\n')
    expect(await run.upgrade('192.0.2.2')).toMatchObject({ status: 101 })
    expect(await run.get()).toMatchObject({ status: 200 })
    const lines = await run.refused(1)
    expect(lines).toEqual([
      expect.objectContaining({ error: 'client-limit', status: 429, client: '192.0.2.1' }),
    ])
  })

  test.each([
    ['IPv6 addresses of one /64', '2001:db8:0:1::1', '2001:db8:0:1:ffff::2'],
    ['an address written as IPv6', '192.0.2.1', '::ffff:192.0.2.1'],
  ])('are those of %s', async (_, one, other) => {
    const run = await setUp({ admission: { handshakesPerClient: '1/m' } })
    expect(await run.upgrade(one)).toMatchObject({ status: 101 })
    expect(await run.upgrade(other)).toMatchObject({ status: 429 })
  })
})

describe('plain requests of one client', () => {
  test('beyond their rate get 429 and keep their connection; upgrades are not among them', async () => {
    const run = await setUp({ admission: { requestsPerClient: '2/s' } })
    const socket = await run.connect()
    const request = 'GET / HTTP/1.1\r\nHost: localhost\r\nX-Forwarded-For: 192.0.2.1\r\n\r\n'
    const statuses: number[] = []
    for (let i = 0; i < 3; i += 1) {
      socket.send(request)
      const answer = await socket.answer()
      statuses.push(answer.status)
      if (answer.status === 429) expect(answer.headers.get('retry-after')).toBe('1')
    }
    expect(statuses).toEqual([200, 200, 429])
    expect(await run.upgrade()).toMatchObject({ status: 101 })
    expect(await run.refused(1)).toHaveLength(1)
  })

  test('are those that the gateway answers itself too', async () => {
    const run = await setUp({ admission: { requestsPerClient: '1/m' } })
    expect(await run.upgrade('192.0.2.1', '/note')).toMatchObject({ status: 200 })
    expect(await run.upgrade('192.0.2.1', '/note')).toMatchObject({ status: 429 })
    expect(await run.get('192.0.2.2', '*', 'OPTIONS')).toMatchObject({ status: 204 })
    expect(await run.get('192.0.2.2', '*', 'OPTIONS')).toMatchObject({ status: 429 })
  })

  test('are those that no route takes too', async () => {
    const run = await setUp({
      admission: { requestsPerClient: '1/m' },
      routes: [{ match: { path: '/app' }, respond: { status: 200 } }],
    })
    expect(await run.get('192.0.2.1', '/nothing')).toMatchObject({ status: 404 })
    expect(await run.get('192.0.2.1', '/nothing')).toMatchObject({ status: 429 })
  })
})

describe.each([
  ['sessions', '192.0.2.2', 503, 'route-limit'],
  ['sessionsPerClient', '192.0.2.1', 429, 'client-limit'],
] as const)('limits.%s', (limit, second, status, token) => {
  test(`refuses with ${status} ${token}, and lets in again once one has ended`, async () => {
    const run = await setUp({ limits: { [limit]: 1 } })
    const first = await run.upgrade()
    expect(first.status).toBe(101)
    const refused = await run.upgrade(second)
    expect(refused.status).toBe(status)
    expect(refused.headers.get('retry-after')).toBe('1')
    expect(await run.refused(1)).toEqual([
      expect.objectContaining({ error: token, status, route: 'main' }),
    ])
    first.socket.destroy()
    await run.running.log.line('session closed')
    expect(await run.upgrade(second)).toMatchObject({ status: 101 })
  })

  test('gives the place back of a session that never came to be', async () => {
    const run = await setUp({ limits: { [limit]: 1 } })
    for (let i = 0; i < 3; i += 1) {
      expect(await run.upgrade('192.0.2.1', '/gone')).toMatchObject({ status: 502 })
    }
    expect(await run.upgrade()).toMatchObject({ status: 101 })
  })
})

test('a session’s place is taken before its upstream is dialled', async () => {
  const run = await setUp({ limits: { sessions: 5 } })
  const statuses = await Promise.all(Array.from({ length: 20 }, () => run.upgrade()))
  expect(statuses.filter(({ status }) => status === 101)).toHaveLength(5)
  expect(statuses.filter(({ status }) => status === 503)).toHaveLength(15)
})

test('beyond admission.memory upgrades get 503, and plain requests are served', async () => {
  const run = await setUp({ admission: { memory: '1MiB' } })
  const { status, headers } = await run.upgrade()
  expect(status).toBe(503)
  expect(headers.get('retry-after')).toBe('1')
  expect(await run.get()).toMatchObject({ status: 200 })
  expect(await run.refused(1)).toEqual([
    expect.objectContaining({
      error: 'gateway-full',
      detail: expect.stringContaining('admission.memory'),
    }),
  ])
})

test.each([
  ['connections', 503, 'gateway-full'],
  ['connectionsPerClient', 429, 'client-limit'],
])('beyond admission.%s a connection gets %i', async (limit, status, token) => {
  const run = await setUp({ admission: { [limit]: 1 }, trustedProxies: [] })
  const first = await run.connect()
  first.send('GET / HTTP/1.1\r\nHost: localhost\r\n\r\n')
  expect((await first.answer()).status).toBe(200)
  expect(await run.get()).toMatchObject({ status, body: `${token}\n` })
  expect(await run.refused(1)).toEqual([expect.objectContaining({ error: token, status })])
})
