import { EventEmitter, once } from 'node:events'
import type { ServerResponse } from 'node:http'
import { afterEach, describe, expect, test } from 'vitest'
import type { WebSocket } from 'ws'
import { startGateway } from '../support/gateway.ts'
import type { RunningGateway } from '../support/gateway.ts'
import { httpServer, tcpEcho, wsEcho } from '../support/peers.ts'
import type { Peer } from '../support/peers.ts'
import { freePort } from '../support/scratch.ts'
import { closeOf, mustOpen, openWebSocket } from '../support/websocket-client.ts'

const peers: Peer[] = []
const clients: WebSocket[] = []
let running: RunningGateway | undefined
afterEach(() => {
  for (const client of clients.splice(0)) client.terminate()
  running?.stop()
  running = undefined
  for (const peer of peers.splice(0)) peer.close()
})

async function gatewayTo(
  servers: readonly (string | Record<string, unknown>)[],
  settings: Record<string, unknown> = {},
  action: 'proxy' | 'bridge' = 'proxy',
): Promise<RunningGateway> {
  running = await startGateway({
    listeners: { edge: { bind: '127.0.0.1:0' } },
    upstreams: { app: { servers, ...settings } },
    routes: [{ name: 'main', [action]: 'app' }],
  })
  return running
}

async function echoes(count: number) {
  const made = await Promise.all(Array.from({ length: count }, () => wsEcho()))
  peers.push(...made)
  return made.map(({ port, server }) => ({
    url: `http://127.0.0.1:${port}`,
    clients: server.clients,
    events: server,
  }))
}

async function opened(port: number): Promise<WebSocket> {
  const client = await mustOpen(port, '/')
  clients.push(client)
  return client
}

/** Resolves when the gateway has told of so many ended sessions. */
async function untilClosed({ log }: RunningGateway, count: number): Promise<void> {
  while (log.lines.filter(({ msg }) => msg === 'session closed').length < count) {
    await new Promise((resolve) => setImmediate(resolve))
  }
}

/** The value of a metric with labels, `NaN` where there is none. */
async function figure({ metrics }: RunningGateway, name: string, server: string): Promise<number> {
  const start = `drawbridge_${name}{upstream="app",server="${server}"} `
  const line = (await metrics.render()).split('\n').find((one) => one.startsWith(start))
  return Number(line?.slice(start.length) ?? Number.NaN)
}

describe('while every third session ends at once and the others stay', () => {
  test.each([
    ['least-connections', [14, 13, 13]],
    // What it is there for: these take turns with how long a session lasts.
    ['round-robin', [20, 20, 0]],
  ])('%s leaves the servers with %j', async (balance, left) => {
    const servers = await echoes(3)
    const gateway = await gatewayTo(
      servers.map(({ url }) => url),
      { balance },
    )
    for (let count = 1; count <= 60; count++) {
      const client = await opened(gateway.port())
      if (count % 3 !== 0) continue
      client.close()
      await untilClosed(gateway, count / 3)
    }
    const live = await Promise.all(
      servers.map(({ url }) => figure(gateway, 'upstream_connections', url)),
    )
    expect(live.toSorted((one, other) => other - one)).toEqual(left)
    expect(servers.map(({ clients: { size } }) => size)).toEqual(live)
  })
})

test('plain requests in progress count as sessions do', async () => {
  const events = new EventEmitter()
  const slow = await httpServer((_, response) => void events.emit('asked', response))
  const quick = await httpServer((_, response) => response.end('quick'))
  peers.push(slow, quick)
  const servers = [slow, quick].map(({ port }) => `http://127.0.0.1:${port}`)
  const gateway = await gatewayTo(servers, { balance: 'least-connections' })
  const url = `http://127.0.0.1:${gateway.port()}/`
  const arrived = once(events, 'asked') as Promise<[ServerResponse]>
  const waiting = fetch(url)
  const [response] = await arrived
  for (let count = 0; count < 5; count++) expect(await (await fetch(url)).text()).toBe('quick')
  expect(await figure(gateway, 'upstream_connections', servers[0]!)).toBe(1)
  response.end('slow')
  expect(await (await waiting).text()).toBe('slow')
  expect(await figure(gateway, 'upstream_connections', servers[0]!)).toBe(0)
  expect(await figure(gateway, 'upstream_picks_total', servers[1]!)).toBe(5)
})

describe('a sticky cookie', () => {
  const sticky = { cookie: 'seat' }

  test('set on an answer, it takes requests and upgrades to the same server', async () => {
    const made = await Promise.all(
      ['a', 'b', 'c'].map(async (name) => {
        const peer = await httpServer((_, response) => response.end(name))
        peers.push(peer)
        return `http://127.0.0.1:${peer.port}`
      }),
    )
    const gateway = await gatewayTo(made, { sticky })
    const url = `http://127.0.0.1:${gateway.port()}/`
    const first = await fetch(url)
    const name = await first.text()
    const set = first.headers.get('set-cookie') ?? ''
    expect(set).toMatch(/^seat=[\w-]{16}; Path=\/; HttpOnly; SameSite=Lax$/)
    const headers = { cookie: `other=1; ${set.split(';')[0]}` }
    for (let count = 0; count < 6; count++) {
      const again = await fetch(url, { headers })
      expect(await again.text()).toBe(name)
      expect(again.headers.get('set-cookie')).toBeNull()
    }
    // These servers refuse upgrades, in words of their own.
    const upgraded = await openWebSocket(gateway.port(), '/', { headers })
    expect(upgraded).toMatchObject({ status: 200, body: name })
    const others = new Set<string>()
    for (let count = 0; count < 3; count++) others.add(await (await fetch(url)).text())
    expect(others.size).toBe(3)
  })

  test('set on a 101, it takes the next upgrade to the same server', async () => {
    const servers = await echoes(3)
    const gateway = await gatewayTo(
      servers.map(({ url }) => url),
      { sticky },
    )
    const first = await openWebSocket(gateway.port(), '/')
    clients.push(first.socket!)
    const [cookie] = first.headers['set-cookie'] ?? []
    expect(cookie).toMatch(/^seat=[\w-]{16}; Path=\/; HttpOnly; SameSite=Lax$/)
    const { upstream } = await gateway.log.line('session opened')
    for (let count = 0; count < 4; count++) {
      const headers = { cookie: cookie!.split(';')[0]! }
      const again = await openWebSocket(gateway.port(), '/', { headers })
      clients.push(again.socket!)
      expect(again.headers['set-cookie']).toBeUndefined()
    }
    const lines = gateway.log.lines.filter(({ msg }) => msg === 'session opened')
    expect(lines.map((line) => line['upstream'])).toEqual(Array.from({ length: 5 }, () => upstream))
  })

  test('an answer to an upgrade that is none sets it too', async () => {
    const peer = await httpServer((_, response) => response.writeHead(403).end())
    peers.push(peer)
    const gateway = await gatewayTo([`http://127.0.0.1:${peer.port}`], { sticky })
    const refused = await openWebSocket(gateway.port(), '/')
    expect(refused.status).toBe(403)
    expect(refused.headers['set-cookie']).toHaveLength(1)
  })

  test('of a bridge is set on its 101', async () => {
    const made = await Promise.all([tcpEcho(), tcpEcho()])
    peers.push(...made)
    const servers = made.map(({ port }) => `tcp://127.0.0.1:${port}`)
    const gateway = await gatewayTo(servers, { sticky }, 'bridge')
    const first = await openWebSocket(gateway.port(), '/', { protocols: ['binary'] })
    clients.push(first.socket!)
    expect(first.headers['set-cookie']).toHaveLength(1)
  })
})

test('a request with a body goes whole to the next server where one cannot be connected to', async () => {
  const peer = await httpServer((request, response) => request.pipe(response))
  peers.push(peer)
  const dead = `http://127.0.0.1:${await freePort()}`
  const gateway = await gatewayTo([dead, `http://127.0.0.1:${peer.port}`])
  const body = 'x'.repeat(100_000)
  for (let count = 0; count < 4; count++) {
    const answer = await fetch(`http://127.0.0.1:${gateway.port()}/`, { method: 'POST', body })
    expect(await answer.text()).toBe(body)
  }
  expect(await figure(gateway, 'upstream_connect_failures_total', dead)).toBe(2)
})

test('a flood of upgrades meets as many places as there are, and 503', async () => {
  const [server] = await echoes(1)
  let most = 0
  server!.events.on('connection', () => (most = Math.max(most, server!.clients.size)))
  const gateway = await gatewayTo([server!.url], { maxConnections: 20 })
  const flood = await Promise.all(
    Array.from({ length: 300 }, () => openWebSocket(gateway.port(), '/')),
  )
  for (const { socket } of flood) if (socket !== undefined) clients.push(socket)
  const refused = flood.filter(({ status }) => status !== 101)
  expect(refused).toHaveLength(280)
  for (const { status, headers, body } of refused) {
    expect({ status, body }).toEqual({ status: 503, body: 'upstream-unavailable\n' })
    expect(headers['retry-after']).toBe('1')
  }
  expect(most).toBe(20)
  expect(await gateway.log.line('refused')).toMatchObject({ error: 'upstream-unavailable' })
})

test('whoever waits in the queue is let in when a session ends', async () => {
  const [server] = await echoes(1)
  const queue = { max: 50, timeout: '1m' }
  const gateway = await gatewayTo([server!.url], { maxConnections: 1, queue })
  let count = 0
  const each = async (): Promise<void> => {
    const client = await opened(gateway.port())
    expect(server!.clients.size).toBe(1)
    count++
    client.close()
    await once(client, 'close')
  }
  await Promise.all(Array.from({ length: 30 }, each))
  expect(count).toBe(30)
})

describe('maintenance', () => {
  test.each([
    ['close', 'proxy', '1012 upstream-removed'],
    ['close', 'bridge', '1012 upstream-removed'],
    ['keep', 'proxy', '1000'],
  ] as const)('with onDown: %s under %s ends sessions with %s', async (onDown, action, close) => {
    const peer = action === 'proxy' ? await wsEcho() : await tcpEcho()
    peers.push(peer)
    const server = `${action === 'proxy' ? 'http' : 'tcp'}://127.0.0.1:${peer.port}`
    const gateway = await gatewayTo([server], { onDown }, action)
    const client = await opened(gateway.port())
    const closed = closeOf(client)
    expect(gateway.gateway.setServerMode('app', server, 'maintenance')).toBe(true)
    expect(await openWebSocket(gateway.port(), '/')).toMatchObject({ status: 503 })
    if (onDown === 'keep') client.close(1000)
    expect(await closed).toBe(close)
    if (onDown === 'close') {
      expect(await gateway.log.line('session closed')).toMatchObject({
        closedBy: 'gateway',
        error: 'upstream-removed',
        code: 1012,
      })
    }
    expect(await figure(gateway, 'upstream_up', server)).toBe(0)
    gateway.gateway.setServerMode('app', server, 'ready')
    await opened(gateway.port())
    expect(await figure(gateway, 'upstream_up', server)).toBe(1)
  })

  test('of a server or an upstream that is not there is none', async () => {
    const [server] = await echoes(1)
    const { gateway } = await gatewayTo([server!.url])
    expect(gateway.setServerMode('app', 'http://nowhere', 'drain')).toBe(false)
    expect(gateway.setServerMode('nobody', server!.url, 'drain')).toBe(false)
  })
})
