import { expect, test } from 'vitest'
import { Metrics } from '../../../src/observe/metrics.ts'

test('sessions are counted open and in total, closes by code and side', async () => {
  const metrics = new Metrics()
  metrics.sessionOpened('chat', 'websocket')
  metrics.sessionOpened('chat', 'websocket')
  metrics.sessionOpened('desktop', 'bridge')
  metrics.sessionClosed('chat', 'websocket', 1000, 'client')
  const text = await metrics.render()
  expect(text).toContain('drawbridge_sessions_open{route="chat",kind="websocket"} 1')
  expect(text).toContain('drawbridge_sessions_open{route="desktop",kind="bridge"} 1')
  expect(text).toContain('drawbridge_sessions_total{route="chat",kind="websocket"} 2')
  expect(text).toContain('drawbridge_closes_total{code="1000",side="client"} 1')
})

test.each([
  [1000, '1000'],
  [1006, '1006'],
  [1015, '1015'],
  [3000, '3000'],
  [3003, '3003'],
  [1016, '3xxx'],
  [3001, '3xxx'],
  [3999, '3xxx'],
  [4000, '4xxx'],
  [4999, '4xxx'],
])('the close code %i has the label %s', async (code, label) => {
  const metrics = new Metrics()
  metrics.sessionClosed('chat', 'websocket', code, 'upstream')
  expect(await metrics.render()).toContain(
    `drawbridge_closes_total{code="${label}",side="upstream"} 1`,
  )
})

test('messages and bytes are counted by route and direction', async () => {
  const metrics = new Metrics()
  metrics.traffic('chat', 'received', 2, 10)
  metrics.traffic('chat', 'received', 1, 5)
  metrics.traffic('chat', 'sent', 7, 0)
  const text = await metrics.render()
  expect(text).toContain('drawbridge_messages_total{route="chat",direction="received"} 3')
  expect(text).toContain('drawbridge_bytes_total{route="chat",direction="received"} 15')
  expect(text).toContain('drawbridge_messages_total{route="chat",direction="sent"} 7')
})

test('requests are counted by class of status', async () => {
  const metrics = new Metrics()
  metrics.request('app', 204)
  metrics.request('app', 404)
  const text = await metrics.render()
  expect(text).toContain('drawbridge_requests_total{route="app",status="2xx"} 1')
  expect(text).toContain('drawbridge_requests_total{route="app",status="4xx"} 1')
})

test('times go into histograms', async () => {
  const metrics = new Metrics()
  metrics.handshakeSeconds('chat', 0.002)
  metrics.dialSeconds('app', 0.3)
  const text = await metrics.render()
  expect(text).toContain('drawbridge_handshake_seconds_bucket{le="0.0025",route="chat"} 1')
  expect(text).toContain('drawbridge_dial_seconds_count{upstream="app"} 1')
})

test('every refusal before the 101 is a series from the start', async () => {
  const text = await new Metrics().render()
  expect(text).toContain('drawbridge_refusals_total{error="origin-denied"} 0')
  expect(text).not.toContain('error="frame-invalid"')
})

test('a server has its series for as long as it is named, with its totals and not their sum', async () => {
  const metrics = new Metrics()
  const figures = { mode: 'ready', up: true, live: 2, picks: 5, connectFailures: 1 }
  const checks = { checksPassed: 0, checksFailed: 0, ejections: 0 }
  const pool = { upstream: 'app', waiting: 3, panic: false }
  const [a, b] = ['a', 'b'].map((server) => ({ ...figures, ...checks, server }))
  metrics.upstreams([{ ...pool, servers: [a!, b!] }])
  metrics.upstreams([{ ...pool, servers: [{ ...a!, mode: 'drain' }] }])
  const text = await metrics.render()
  expect(text).toContain('drawbridge_upstream_waiting{upstream="app"} 3')
  expect(text).toContain('drawbridge_upstream_up{upstream="app",server="a"} 0')
  expect(text).toContain('drawbridge_upstream_connections{upstream="app",server="a"} 2')
  expect(text).toContain('drawbridge_upstream_picks_total{upstream="app",server="a"} 5')
  expect(text).toContain('drawbridge_upstream_connect_failures_total{upstream="app",server="a"} 1')
  expect(text).not.toContain('server="b"')
})

test('collectors run before every rendering', async () => {
  const metrics = new Metrics()
  let open = 0
  metrics.collect.push(() => metrics.connectionsOpen('edge', open))
  open = 3
  expect(await metrics.render()).toContain('drawbridge_connections_open{listener="edge"} 3')
  open = 4
  expect(await metrics.render()).toContain('drawbridge_connections_open{listener="edge"} 4')
})

test("the process's own metrics are there when asked for", async () => {
  const metrics = new Metrics()
  expect(await metrics.render()).not.toContain('process_resident_memory_bytes')
  metrics.observeProcess()
  expect(await metrics.render()).toContain('process_resident_memory_bytes')
})
