import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { startGateway } from '../support/gateway.ts'
import type { RunningGateway } from '../support/gateway.ts'
import { rawServer } from '../support/peers.ts'
import type { Peer } from '../support/peers.ts'
import { RawClient, upgradeHead } from '../support/raw-client.ts'

let backend: Peer
let accepted = 0
let running: RunningGateway

beforeAll(async () => {
  backend = await rawServer((socket) => {
    accepted++
    socket.resume()
  })
  running = await startGateway({
    listeners: { edge: { bind: '127.0.0.1:0' } },
    upstreams: { backend: { servers: [`tcp://127.0.0.1:${backend.port}`] } },
    routes: [
      { match: { path: '/respond' }, respond: { status: 200, body: 'hello' } },
      { match: { path: '/empty' }, respond: { status: 204 } },
      { match: { path: '/static/*' }, static: 'test/integration/corpus' },
      { match: { path: '/redirect' }, redirect: 'https' },
      { match: { path: '/bridge' }, bridge: 'backend' },
      { match: { path: '/both', websocket: true }, bridge: 'backend' },
      { match: { path: '/both', websocket: false }, respond: { status: 200, body: 'page' } },
    ],
    timeouts: { closing: '10m' },
  })
})

afterAll(async () => {
  await running.gateway.drain()
  backend.close()
})

describe('an upgrade on a route that has no WebSockets', () => {
  const foreign = { Origin: 'https://evil.example' }
  test.each([
    ['respond', '/respond', 200, 'hello'],
    ['respond without a body', '/empty', 204, ''],
    ['static', '/static/handshake-input.ts', 200, /opening handshake/],
    ['static, missing', '/static/missing', 404, /./],
    ['redirect', '/redirect', 308, ''],
  ])('is answered as the plain request would be, and closed: %s', async (_, path, status, body) => {
    const client = await RawClient.connect(running.port())
    client.send(`${upgradeHead(path, foreign)}GET /respond HTTP/1.1\r\nHost: localhost\r\n\r\n`)
    const answer = await client.answer()
    expect(answer.status).toBe(status)
    expect(answer.body).toMatch(body)
    expect(answer.headers.get('connection')).toBe('close')
    expect(answer.headers.has('upgrade')).toBe(false)
    // What follows in the same write is neither a request nor a frame.
    expect(await client.closed()).toHaveLength(0)
    client.destroy()
  })

  test.each([
    ['a bad version', { 'Sec-WebSocket-Version': '8' }],
    ['no key', { 'Sec-WebSocket-Key': undefined }],
  ])('is not looked at further: %s', async (_, headers) => {
    const client = await RawClient.connect(running.port())
    client.send(upgradeHead('/respond', headers))
    expect(await client.answer()).toMatchObject({ status: 200, body: 'hello' })
    expect(await client.closed()).toHaveLength(0)
    client.destroy()
  })
})

describe('a bridge', () => {
  test.each(['GET', 'POST', 'HEAD', 'OPTIONS'])('refuses a plain %s with 426', async (method) => {
    const before = accepted
    const client = await RawClient.connect(running.port())
    const body = method === 'POST' ? 'Content-Length: 5\r\n\r\nhello' : '\r\n'
    client.send(`${method} /bridge HTTP/1.1\r\nHost: localhost\r\n${body}`)
    const answer = await client.head()
    expect(answer.status).toBe(426)
    expect(answer.headers.get('upgrade')).toBe('websocket')
    if (method !== 'HEAD') expect((await client.take(17)).toString()).toBe('upgrade-required\n')
    expect(accepted).toBe(before)
    client.destroy()
  })

  test.each(['h2c', 'TLS/1.2', 'x-websocket'])('refuses an upgrade to %s', async (token) => {
    const before = accepted
    const client = await RawClient.connect(running.port())
    client.send(upgradeHead('/bridge', { Upgrade: token }))
    expect(await client.answer()).toMatchObject({ status: 426, body: 'upgrade-required\n' })
    expect(accepted).toBe(before)
    client.destroy()
  })

  test('shares its path with a page where the routes say so', async () => {
    const client = await RawClient.connect(running.port())
    client.send('GET /both HTTP/1.1\r\nHost: localhost\r\n\r\n')
    expect(await client.answer()).toMatchObject({ status: 200, body: 'page' })
    client.send(upgradeHead('/both'))
    expect((await client.head()).status).toBe(101)
    client.end()
    await client.closed()
    client.destroy()
  })
})
