import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, describe, expect, test } from 'vitest'
import { startGateway } from '../support/gateway.ts'
import type { RunningGateway } from '../support/gateway.ts'
import { wsEcho } from '../support/peers.ts'
import { RawClient, upgradeHead } from '../support/raw-client.ts'
import { tlsFiles } from '../support/tls-files.ts'

const head = 'GET / HTTP/1.1\r\nHost: a.example\r\n\r\n'
const ends: (() => void)[] = []

afterEach(() => {
  for (const end of ends.splice(0).toReversed()) end()
})

async function start(more: Record<string, unknown>): Promise<RunningGateway> {
  const gateway = await startGateway({
    listeners: { edge: { bind: '127.0.0.1:0' } },
    routes: [{ name: 'hello', respond: { status: 200, body: 'hello' } }],
    ...more,
  })
  ends.push(() => gateway.stop())
  return gateway
}

/** @param from the loopback address that it comes from */
async function open(port: number, from = '127.0.0.1'): Promise<RawClient> {
  const client = dial(port, from)
  await once(client.socket, 'connect')
  return client
}

function dial(port: number, from = '127.0.0.1'): RawClient {
  const target = { port, host: '127.0.0.1', localAddress: from, allowHalfOpen: true }
  const client = new RawClient(connect(target))
  ends.push(() => client.destroy())
  return client
}

async function ask(client: RawClient): Promise<string> {
  client.send(head)
  const { status, body, headers } = await client.answer()
  if (status !== 200) expect(headers.get('retry-after')).toBe('1')
  return `${status} ${body.trim()}`
}

/**
 * Asks on new connections until there is a place: that the last one has closed is told by nothing
 * else.
 */
async function served(port: number, from?: string): Promise<void> {
  while ((await ask(await open(port, from))) !== '200 hello');
}

async function shake(port: number, more: Record<string, string> = {}, from?: string) {
  const client = await open(port, from)
  client.send(upgradeHead('/', more))
  const { status, headers } = await client.head()
  client.destroy()
  // The time until the next one may come, in whole seconds.
  if (status === 429) expect(Number(headers.get('retry-after'))).toBeGreaterThanOrEqual(1)
  return status
}

async function startEcho(admission: Record<string, unknown> | undefined) {
  const upstream = await wsEcho()
  ends.push(() => upstream.close())
  return await start({
    ...(admission && { admission }),
    trustedProxies: ['127.0.0.2'],
    upstreams: { app: { servers: [`http://127.0.0.1:${upstream.port}`] } },
    routes: [
      { name: 'plain', match: { websocket: false }, respond: { status: 200, body: 'hello' } },
      { name: 'echo', proxy: 'app' },
    ],
  })
}

describe('admission.connections', () => {
  test('one too many is told after its head, and closed', async () => {
    const gateway = await start({ admission: { connections: 2 } })
    const port = gateway.port()
    const first = await open(port)
    expect(await ask(first)).toBe('200 hello')
    expect(await ask(await open(port))).toBe('200 hello')
    const third = await open(port)
    // Half a head is no reason to answer.
    third.send(head.slice(0, -2))
    expect(await ask(first)).toBe('200 hello')
    expect(third.received.length).toBe(0)
    third.send(`\r\n${head}`)
    const { status, headers, body } = await third.answer()
    expect([status, body, headers.get('retry-after'), headers.get('connection')]).toEqual([
      503,
      'gateway-full\n',
      '1',
      'close',
    ])
    expect((await third.closed()).toString()).toBe('')
    await gateway.log.line('refused', { error: 'gateway-full', status: 503, client: '127.0.0.1' })
  })

  test('a place is given back when a connection closes', async () => {
    const gateway = await start({ admission: { connections: 1 } })
    for (let round = 0; round < 5; round++) {
      const client = await open(gateway.port())
      const first = await ask(client)
      expect(['200 hello', '503 gateway-full']).toContain(first)
      client.destroy()
      await served(gateway.port())
      for (const end of ends.splice(1)) end()
    }
  })

  test('it counts the connections of all listeners, and tells the one over TLS, too', async () => {
    const files = await tlsFiles()
    ends.push(() => files.remove())
    const gateway = await start({
      admission: { connections: 1 },
      listeners: {
        edge: { bind: '127.0.0.1:0' },
        secure: { bind: '127.0.0.1:0', tls: { certificates: files.certificates } },
      },
    })
    expect(await ask(await open(gateway.port()))).toBe('200 hello')
    const second = await RawClient.connect(gateway.port('secure'), { tls: {} })
    ends.push(() => second.destroy())
    expect(await ask(second)).toBe('503 gateway-full')
  })

  test('an upgrade beyond it is refused as well', async () => {
    const upstream = await wsEcho()
    ends.push(() => upstream.close())
    const gateway = await start({
      admission: { connections: 1 },
      upstreams: { app: { servers: [`http://127.0.0.1:${upstream.port}`] } },
      routes: [{ proxy: 'app' }],
    })
    const first = await open(gateway.port())
    first.send(upgradeHead('/'))
    expect((await first.head()).status).toBe(101)
    const second = await open(gateway.port())
    second.send(upgradeHead('/'))
    expect((await second.answer()).body).toBe('gateway-full\n')
    await second.closed()
    expect(upstream.server.clients.size).toBe(1)
  })

  test('more than 100 that wait to be told so are reset, and counted', async () => {
    const gateway = await start({ admission: { connections: 1 } })
    const port = gateway.port()
    expect(await ask(await open(port))).toBe('200 hello')
    const waiting: RawClient[] = []
    for (let count = 0; count < 100; count++) waiting.push(await open(port))
    for (let count = 0; count < 5; count++) {
      const client = dial(port)
      await client.closed()
      expect(client.wasReset).toBe(true)
    }
    expect(waiting.some((client) => client.ended)).toBe(false)
    for (const client of waiting) expect(await ask(client)).toBe('503 gateway-full')
    await Promise.all(waiting.map((client) => client.closed()))
    const metrics = await gateway.metrics.render()
    expect(metrics).toMatch(/^drawbridge_refusals_total\{error="gateway-full"\} 105$/m)
  })
})

describe('admission.connectionsPerClient', () => {
  test('one too many of a client gets 429, another client is served', async () => {
    const gateway = await start({ admission: { connectionsPerClient: 2 } })
    const port = gateway.port()
    const first = await open(port)
    expect(await ask(first)).toBe('200 hello')
    expect(await ask(await open(port))).toBe('200 hello')
    const third = await open(port)
    expect(await ask(third)).toBe('429 client-limit')
    expect((await third.closed()).toString()).toBe('')
    await gateway.log.line('refused', { error: 'client-limit', status: 429, client: '127.0.0.1' })
    expect(await ask(await open(port, '127.0.0.3'))).toBe('200 hello')
    first.destroy()
    await served(port)
  })

  test('trusted proxies and unix peers are not counted', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'drawbridge-'))
    ends.push(() => rmSync(folder, { recursive: true }))
    const path = join(folder, 'edge.sock')
    const gateway = await start({
      admission: { connectionsPerClient: 1 },
      trustedProxies: ['127.0.0.2'],
      listeners: { edge: { bind: '127.0.0.1:0' }, local: { bind: `unix:${path}` } },
    })
    for (let count = 0; count < 4; count++) {
      expect(await ask(await open(gateway.port(), '127.0.0.2'))).toBe('200 hello')
      const { promise, resolve } = Promise.withResolvers<void>()
      const local = new RawClient(connect({ path, allowHalfOpen: true }, resolve))
      ends.push(() => local.destroy())
      await promise
      expect(await ask(local)).toBe('200 hello')
    }
    expect(await ask(await open(gateway.port()))).toBe('200 hello')
    expect(await ask(await open(gateway.port()))).toBe('429 client-limit')
  })

  test('its default does not count loopback, which is said once', async () => {
    const gateway = await start({})
    for (let count = 0; count < 210; count++) {
      expect(await ask(await open(gateway.port()))).toBe('200 hello')
    }
    const warnings = gateway.log.lines.filter(({ level }) => level === 'warn')
    expect(warnings.length).toBe(1)
    expect(warnings[0]!['detail']).toMatch(/connectionsPerClient/)
  })
})

describe('admission.handshakesPerClient', () => {
  test('one too many gets 429; plain requests and other clients pass', async () => {
    const gateway = await startEcho({ handshakesPerClient: '3/m' })
    const port = gateway.port()
    // A burst of one second's worth, and of one at least.
    expect(await shake(port)).toBe(101)
    expect(await shake(port)).toBe(429)
    await gateway.log.line('refused', { error: 'client-limit', status: 429, route: 'echo' })
    expect(await ask(await open(port))).toBe('200 hello')
    expect(await shake(port, {}, '127.0.0.3')).toBe(101)
  })

  test('a burst of one second passes', async () => {
    const gateway = await startEcho({ handshakesPerClient: '4/s' })
    const statuses: number[] = []
    for (let count = 0; count < 4; count++) statuses.push(await shake(gateway.port()))
    expect(statuses).toEqual([101, 101, 101, 101])
  })

  test('behind a trusted proxy it is the client that is counted', async () => {
    const gateway = await startEcho({ handshakesPerClient: '3/m' })
    const shakeFor = (client: string): Promise<number> =>
      shake(gateway.port(), { 'X-Forwarded-For': client }, '127.0.0.2')
    expect(await shakeFor('203.0.113.1')).toBe(101)
    expect(await shakeFor('203.0.113.1')).toBe(429)
    expect(await shakeFor('203.0.113.2')).toBe(101)
    expect(await shakeFor('2001:db8::1')).toBe(101)
    // Whoever has one IPv6 address has its whole /64.
    expect(await shakeFor('2001:db8::2')).toBe(429)
    expect(await shakeFor('2001:db8:0:1::2')).toBe(101)
  })

  test('its default does not count loopback, and holds for public addresses', async () => {
    const gateway = await startEcho(undefined)
    const own: number[] = []
    const publics: number[] = []
    for (let count = 0; count < 60; count++) own.push(await shake(gateway.port()))
    expect(own.every((status) => status === 101)).toBe(true)
    await Promise.all(
      Array.from({ length: 150 }, async () => {
        const more = { 'X-Forwarded-For': '203.0.113.1' }
        publics.push(await shake(gateway.port(), more, '127.0.0.2'))
      }),
    )
    expect(publics).toContain(429)
  })
})
