import { expect, test } from 'vitest'
import { edge, load, routes } from './config-text.ts'

const unlimited = { count: Infinity, perMs: 1000 }

test('a small file is complete: every default is the one of the design', async () => {
  const { config, warnings } = await load(edge + routes)
  const noRate = { rate: unlimited, burst: Infinity, over: 'throttle' }
  const limits = {
    message: { fromClient: 1_048_576, fromUpstream: Infinity },
    messageOver: { fromClient: 'close', fromUpstream: 'close' },
    messageRate: { fromClient: noRate, fromUpstream: noRate },
    byteRate: { fromClient: noRate, fromUpstream: noRate },
    sessions: Infinity,
    sessionsPerClient: Infinity,
    sessionsPerIdentity: Infinity,
    controlFrameRate: { rate: { count: 50, perMs: 1000 }, burst: 50, over: 'close' },
    buffer: 65_536,
    body: 104_857_600,
  }
  const ofRoute = {
    idle: Infinity,
    ping: 30_000,
    pong: 20_000,
    stall: 60_000,
    lifetime: Infinity,
    closing: 5000,
  }
  expect(config).toStrictEqual({
    listeners: {
      edge: {
        bind: { kind: 'tcp', host: '127.0.0.1', port: 0 },
        clients: {},
        proxyProtocolFrom: [],
      },
    },
    trustedProxies: [],
    admission: { connections: 'auto', requestsPerClient: unlimited, memory: 'auto' },
    identity: { headers: {} },
    ownedHeaders: [],
    authenticators: {},
    upstreams: {
      app: {
        servers: [
          {
            server: { url: 'http://app', kind: 'http', host: 'app', port: 80, path: '' },
            weight: 1,
            maxConnections: Infinity,
          },
        ],
        balance: 'round-robin',
        retries: 3,
        onDown: 'keep',
        ejection: { after: 5, time: 10_000, max: 300_000 },
        tls: { verify: true },
        preserveHost: true,
        timeouts: { connect: 5000, handshake: 10_000, response: 60_000 },
      },
    },
    routes: [
      {
        name: 'route-1',
        match: { hosts: [], paths: [] },
        requireOrigin: false,
        refuse: 'status',
        auth: [],
        identity: { headers: {} },
        clients: {},
        limits: { ...limits, own: { sessionsPerClient: false, sessionsPerIdentity: false } },
        timeouts: ofRoute,
        compression: 'pass',
        action: { kind: 'proxy', upstream: 'app' },
      },
    ],
    log: { level: 'info', format: 'auto' },
    sessions: { recheck: Infinity, grace: 0 },
    timeouts: { handshake: 10_000, ...ofRoute, keepAlive: 65_000 },
    limits,
  })
  expect(warnings).toEqual([])
})

test('a configuration is frozen all the way down', async () => {
  const { config } = await load(edge + routes)
  const open: string[] = []
  const look = (value: unknown, path: string): void => {
    if (!(value instanceof Object)) return
    if (!Object.isFrozen(value)) open.push(path)
    for (const [key, inner] of Object.entries(value)) look(inner, `${path}.${key}`)
  }
  look(config, 'config')
  expect(open).toEqual([])
})

test('a route overrides the global settings key by key', async () => {
  const { config } = await load(`
${edge}
routes:
  - { proxy: app, limits: { message: { fromUpstream: 2MiB }, buffer: 1KiB }, timeouts: { idle: 5m, ping: none } }
  - { proxy: app, limits: { message: none } }
limits: { message: 64KiB, body: none, controlFrameRate: none }
timeouts: { idle: 1h, closing: 1s }
`)
  const [first, second] = config.routes
  expect(config.limits.message).toEqual({ fromClient: 65_536, fromUpstream: 65_536 })
  expect(config.limits.controlFrameRate.rate.count).toBe(Infinity)
  expect(first!.limits).toMatchObject({
    message: { fromClient: 65_536, fromUpstream: 2_097_152 },
    buffer: 1024,
    body: Infinity,
  })
  expect(first!.timeouts).toMatchObject({
    idle: 300_000,
    ping: Infinity,
    pong: 20_000,
    closing: 1000,
  })
  expect(second!.limits.message).toEqual({ fromClient: Infinity, fromUpstream: Infinity })
  expect(second!.timeouts.idle).toBe(3_600_000)
})

test('a message limit that names one direction leaves the other at its default', async () => {
  const { config } = await load(`${edge}${routes}limits: { message: { fromUpstream: 1KiB } }`)
  expect(config.limits.message).toEqual({ fromClient: 1_048_576, fromUpstream: 1024 })
})

test('a bridge has no message limit unless its route sets one', async () => {
  const { config } = await load(`
listeners: { edge: { bind: "127.0.0.1:0" } }
upstreams: { raw: { servers: ["tcp://raw:1"] } }
routes:
  - { bridge: raw }
  - { bridge: raw, limits: { message: { fromClient: 1KiB } }, subprotocols: [a, b], messages: text }
limits: { message: 64KiB }
`)
  expect(config.routes.map(({ limits }) => limits.message)).toEqual([
    { fromClient: Infinity, fromUpstream: Infinity },
    { fromClient: 1024, fromUpstream: Infinity },
  ])
  expect(config.routes.map(({ action }) => action)).toEqual([
    { kind: 'bridge', upstream: 'raw', subprotocols: ['binary'], messages: 'binary' },
    { kind: 'bridge', upstream: 'raw', subprotocols: ['a', 'b'], messages: 'text' },
  ])
})

test.each([
  ['50/s', { rate: { count: 50, perMs: 1000 }, burst: 50, over: 'throttle' }],
  ['10/m', { rate: { count: 10, perMs: 60_000 }, burst: 1, over: 'throttle' }],
  ['{ max: 150/m, over: close }', { rate: { count: 150, perMs: 60_000 }, burst: 3, over: 'close' }],
  ['{ max: 5/s, burst: 9, over: log }', { rate: { count: 5, perMs: 1000 }, burst: 9, over: 'log' }],
  ['none', { rate: { count: Infinity, perMs: 1000 }, burst: Infinity, over: 'throttle' }],
])('control frames of %s', async (written, limit) => {
  const { config } = await load(`${edge}${routes}limits: { controlFrameRate: ${written} }`)
  expect(config.limits.controlFrameRate).toEqual(limit)
})

test('what admission is not told stays undefined; none is no limit', async () => {
  const admission = '{ connections: none, connectionsPerClient: 5, handshakesPerClient: none }'
  const { config } = await load(`${edge}${routes}admission: ${admission}`)
  expect(config.admission).toStrictEqual({
    connections: Infinity,
    connectionsPerClient: 5,
    handshakesPerClient: unlimited,
    requestsPerClient: unlimited,
    memory: 'auto',
  })
})

test('names that are compared without case are lower case', async () => {
  const { config } = await load(`${edge}
routes: [{ match: { host: [App.Example, "*.Example.COM."] }, proxy: app }]
identity: { headers: { X-User: subject, x-role: claims.realm.role } }
`)
  expect(config.routes[0]!.match.hosts).toEqual(['app.example', '*.example.com'])
  expect(config.identity.headers).toEqual({ 'x-user': 'subject', 'x-role': 'claims.realm.role' })
})

test('any origin is any origin, whatever stands beside it', async () => {
  const { config } = await load(`${edge}
routes:
  - { origins: "*", proxy: app }
  - { origins: [https://a.example, "*"], proxy: app }
  - { origins: "null", proxy: app }
`)
  expect(config.routes.map(({ origins }) => origins)).toEqual([['*'], ['*'], ['null']])
})

test('a unix path is absolute, and shown in logs as it was written', async () => {
  const folder = process.cwd()
  const { config } = await load(`
listeners: { edge: { bind: unix:run/edge.sock } }
upstreams: { app: { servers: [unix:run/app.sock] } }
routes: [{ proxy: app }]
monitor: { bind: unix:/run/monitor.sock }
`)
  expect(config.listeners['edge']!.bind).toEqual({ kind: 'unix', path: `${folder}/run/edge.sock` })
  expect(config.upstreams['app']!.servers[0]!.server).toMatchObject({
    url: 'unix:run/app.sock',
    path: `${folder}/run/app.sock`,
  })
  expect(config.monitor).toEqual({ bind: { kind: 'unix', path: '/run/monitor.sock' } })
})

test('a server has the places and the weight of its own, or those of its upstream', async () => {
  const { config } = await load(`
listeners: { edge: { bind: "127.0.0.1:0" } }
upstreams:
  app:
    servers: ["http://a", { url: "http://b", weight: 5 }, { url: "http://c", maxConnections: none }]
    maxConnections: 100
    balance: { hash: "header:X-Room" }
    sticky: { cookie: seat, secret: something }
    queue: { max: 10 }
routes: [{ proxy: app }]
`)
  const { servers, balance, sticky, queue } = config.upstreams['app']!
  expect(
    servers.map(({ server, weight, maxConnections }) => [server.url, weight, maxConnections]),
  ).toEqual([
    ['http://a', 1, 100],
    ['http://b', 5, 100],
    ['http://c', 1, Infinity],
  ])
  expect(balance).toEqual({ hash: { kind: 'header', name: 'x-room' } })
  expect(sticky).toMatchObject({ cookie: 'seat', sameSite: 'lax' })
  expect(sticky!.secret!.reveal()).toBe('something')
  expect(queue).toEqual({ max: 10, timeout: 5_000 })
  expect(JSON.stringify(config)).not.toContain('something')
})
