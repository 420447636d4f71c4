import { expect, test } from 'vitest'
import { complaints, edge, load, routes } from './config-text.ts'

function withHealth(keys: string, servers = 'servers: ["http://app"]'): string {
  return edge.replace('servers: ["http://app"]', `${servers}, ${keys}`)
}

async function loaded(keys: string, servers?: string) {
  const { config } = await load(withHealth(keys, servers) + routes)
  const { health, ejection, slowStart } = config.upstreams['app']!
  return { health, ejection, slowStart }
}

const clocks = { interval: 5_000, timeout: 2_000, unhealthyAfter: 3, healthyAfter: 2 }

test('servers are not checked unless it is said how, and ejected unless it is said not to', async () => {
  const ejection = { after: 5, time: 10_000, max: 300_000 }
  expect(await loaded('retries: 1')).toEqual({ ejection })
  expect(await loaded('ejection: none')).toEqual({})
  expect(await loaded('ejection: { after: 1, max: 30s }, slowStart: 30s')).toEqual({
    ejection: { after: 1, time: 10_000, max: 30_000 },
    slowStart: 30_000,
  })
})

const anySuccess = [{ from: 200, to: 399 }]

test.each([
  ['{ path: /healthz }', { kind: 'http', path: '/healthz', statuses: anySuccess }],
  [
    '{ path: "/h?x=1", status: 204, body: ok, host: "app.example:80" }',
    {
      kind: 'http',
      path: '/h?x=1',
      statuses: [{ from: 204, to: 204 }],
      body: 'ok',
      host: 'app.example:80',
    },
  ],
  [
    '{ path: /, status: [200-299, 404, "429"] }',
    {
      kind: 'http',
      path: '/',
      statuses: [
        { from: 200, to: 299 },
        { from: 404, to: 404 },
        { from: 429, to: 429 },
      ],
    },
  ],
  ['{ tcp: true }', { kind: 'tcp' }],
  ['{ websocket: /ws, host: app }', { kind: 'websocket', path: '/ws', host: 'app' }],
])('what is checked: %s', async (health, check) => {
  expect((await loaded(`health: ${health}`)).health).toEqual({ check, ...clocks })
})

test('its clocks and thresholds', async () => {
  const { health } = await loaded(
    'health: { tcp: true, interval: 1s, timeout: 500ms, unhealthyAfter: 1, healthyAfter: 9 }',
  )
  expect(health).toEqual({
    check: { kind: 'tcp' },
    interval: 1_000,
    timeout: 500,
    unhealthyAfter: 1,
    healthyAfter: 9,
  })
})

const pathForm = 'a path such as /healthz, with a query or without'
const one = 'exactly one of path, tcp or websocket'
const statusForm = 'a status such as 200, a range such as 200-399, or a list of them'

test.each([
  ['{}', [`health: found no check, expected ${one}`]],
  ['{ interval: 1s }', [`health: found no check, expected ${one}`]],
  ['{ path: /a, tcp: true }', [`health.tcp: found a second check beside path, expected ${one}`]],
  ['{ tcp: true, host: a }', ['health.host: found it beside tcp, expected none']],
  ['{ websocket: /, body: a }', ['health.body: found it beside websocket, expected none']],
  ['{ websocket: /, status: 200 }', ['health.status: found it beside websocket, expected none']],
  ['{ path: healthz }', [`health.path: found healthz, expected ${pathForm}`]],
  ['{ path: "/a b" }', [`health.path: found "/a b", expected ${pathForm}`]],
  ['{ path: "/a#b" }', [`health.path: found "/a#b", expected ${pathForm}`]],
  ['{ path: "/a\\r\\nX: y" }', [`health.path: found "/a\\r\\nX: y", expected ${pathForm}`]],
  ['{ path: /, status: 99 }', [`health.status: found 99, expected ${statusForm}`]],
  ['{ path: /, status: 101 }', [`health.status: found 101, expected ${statusForm}`]],
  ['{ path: /, status: 300-200 }', [`health.status: found 300-200, expected ${statusForm}`]],
  ['{ path: /, timeout: none }', undefined],
  ['{ path: /, interval: 0s }', undefined],
  ['{ path: /, unhealthyAfter: 0 }', undefined],
  ['{ path: /, host: "a/b" }', undefined],
  ['{ tcp: false }', undefined],
])('no health: %s', async (health, expected) => {
  const found = await complaints(withHealth(`health: ${health}`) + routes)
  if (expected === undefined) expect(found).toHaveLength(1)
  else expect(found).toEqual(expected.map((text) => `upstreams.app.${text}`))
})

test.each(['path', 'websocket'])('raw servers answer no %s', async (check) => {
  const text = withHealth(`health: { ${check}: / }`, 'servers: ["tcp://app:1"]')
  expect(await complaints(text + routes.replace('proxy', 'bridge'))).toEqual([
    `upstreams.app.health.${check}: found /, expected tcp, where servers are tcp or tls`,
  ])
})

test('the first time out is not longer than the longest', async () => {
  const expected = 'at most `max`, which is 5m where it is left out'
  expect(await complaints(withHealth('ejection: { time: 10m }') + routes)).toEqual([
    `upstreams.app.ejection.time: found 10m, expected ${expected}`,
  ])
})
