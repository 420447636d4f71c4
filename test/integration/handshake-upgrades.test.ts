import { afterAll, beforeAll, expect, test } from 'vitest'
import { acceptKey } from '../../src/websocket/accept-key.ts'
import { RawClient } from '../support/raw-client.ts'
import { clientFrame } from '../support/frames.ts'
import { startGateway } from '../support/gateway.ts'
import type { RunningGateway } from '../support/gateway.ts'
import { recordingUpstream } from '../support/recording-upstream.ts'
import type { RecordingUpstream } from '../support/recording-upstream.ts'
import { connections, keys, versions } from './corpus/handshake-fields.ts'
import { handshakeBytes } from './corpus/handshake-input.ts'
import type { HandshakeInput } from './corpus/handshake-input.ts'
import { bodies, smuggles, starts } from './corpus/handshake-requests.ts'
import { badExtensions, badProtocols, upgrades } from './corpus/handshake-upgrades.ts'

const inputs = [
  ...keys,
  ...versions,
  ...connections,
  ...upgrades,
  ...badProtocols,
  ...badExtensions,
  ...starts,
  ...bodies,
  ...smuggles,
]

let upstream: RecordingUpstream
let running: RunningGateway

beforeAll(async () => {
  upstream = await recordingUpstream()
  running = await startGateway({
    listeners: { edge: { bind: '127.0.0.1:0' } },
    upstreams: { app: { servers: [`http://127.0.0.1:${upstream.port}`] } },
    routes: [{ match: { path: ['/ws', '/ws/*'] }, proxy: 'app' }],
    timeouts: { closing: '10m' },
  })
})

afterAll(async () => {
  // Every connection has been given up by itself: with this `closing`, a forgotten one would keep
  // the drain waiting.
  for (const connection of upstream.connections) connection.destroy()
  await running.gateway.drain()
  upstream.close()
})

function withStatus(...statuses: number[]): HandshakeInput[] {
  return inputs.filter(({ status }) => statuses.includes(status))
}

test.each(withStatus(101))('opens: $name', async (input) => {
  const before = upstream.connections.length
  const client = await RawClient.connect(running.port())
  const bytes = handshakeBytes(input)
  client.send(bytes)
  const answer = await client.head()
  expect(answer.status).toBe(101)
  const key = /^sec-websocket-key:[ \t]*(\S*)/im.exec(bytes)?.[1] ?? ''
  expect(Object.fromEntries(answer.headers)).toEqual({
    upgrade: 'websocket',
    connection: 'Upgrade',
    'sec-websocket-accept': acceptKey(key),
  })
  const behind = await upstream.connection(before)
  const head = behind.all.slice(0, behind.all.indexOf('\r\n\r\n'))
  expect(head).toMatch(/^GET \/ws(\?a=b&c=%20)? HTTP\/1\.1\r\n/)
  // The handshake towards the upstream is the gateway's own: one of each, whatever the client
  // wrote.
  expect(linesOf(head, 'upgrade')).toEqual(['websocket'])
  expect(linesOf(head, 'connection')).toEqual(['Upgrade'])
  expect(linesOf(head, 'sec-websocket-version')).toEqual(['13'])
  expect(linesOf(head, 'sec-websocket-key')).toEqual([expect.stringMatching(/^[\w+/]{22}==$/)])
  expect(linesOf(head, 'sec-websocket-key')).not.toEqual([key])
  expect(linesOf(head, 'host')).toHaveLength(1)
  for (const name of ['expect', 'content-length', 'http2-settings', 'proxy-connection']) {
    expect(linesOf(head, name)).toEqual([])
  }
  const frame = clientFrame({ payload: 'through' })
  client.send(frame)
  expect(await behind.take(frame.length)).toEqual(frame)
  client.destroy()
  behind.destroy()
})

test.each(withStatus(200))('is served as a plain request: $name', async (input) => {
  const before = upstream.connections.length
  const client = await RawClient.connect(running.port())
  // Without it the upstream of this test takes the request for an upgrade; it is passed on like any
  // other field.
  client.send(
    handshakeBytes({ ...input, without: [...(input.without ?? []), 'Sec-WebSocket-Key'] }),
  )
  const answer = await client.answer()
  expect(answer).toMatchObject({ status: 200, body: 'ok' })
  expect(answer.headers.has('upgrade')).toBe(false)
  const behind = await upstream.connection(before)
  for (const name of ['upgrade', 'http2-settings']) expect(linesOf(behind.all, name)).toEqual([])
  client.destroy()
  behind.destroy()
})

test.each(withStatus(400, 403, 405, 417, 426))('refuses: $name ($status $token)', async (input) => {
  const before = upstream.connections.length
  const client = await RawClient.connect(running.port())
  client.send(handshakeBytes(input))
  const answer = await client.head()
  expect(answer.status).toBe(input.status)
  expect(answer.headers.get('connection')).toMatch(/^close/)
  if (input.status === 426) expect(answer.headers.get('sec-websocket-version')).toBe('13')
  // One answer and nothing behind it: neither a 101 nor that of a request which was hidden in this
  // one.
  const rest = (await client.closed()).toString('latin1')
  const isHead = input.start?.startsWith('HEAD ') === true
  expect(rest).toBe(isHead ? '' : `${input.token}\n`)
  expect(upstream.connections).toHaveLength(before)
  client.destroy()
})

test('dials nobody whom an absolute-form target names', async () => {
  const canary = await recordingUpstream()
  const named = [`127.0.0.1:${canary.port}`, `localhost:${canary.port}`, `[::1]:${canary.port}`]
  for (const authority of named) {
    for (const start of [
      `http://${authority}/ws`,
      `https://${authority}/ws`,
      `ws://${authority}/ws`,
    ]) {
      for (const host of ['localhost', authority]) {
        const client = await RawClient.connect(running.port())
        client.send(
          handshakeBytes({
            name: '',
            start: `GET ${start} HTTP/1.1`,
            lines: [`Host: ${host}`],
            status: 0,
          }),
        )
        const { status } = await client.head()
        // Where Host says the same, it is one of our own names as any other is, and leads to our
        // own upstream.
        expect(status).toBe(host === authority && start.startsWith('http') ? 101 : 400)
        client.destroy()
      }
    }
  }
  expect(canary.connections).toEqual([])
  canary.close()
})

test('forwards an absolute-form target in origin-form, with the Host it came with', async () => {
  const before = upstream.connections.length
  const client = await RawClient.connect(running.port())
  client.send(
    handshakeBytes({
      name: '',
      start: 'GET http://LOCALHOST:80/ws/a%2Fb?c HTTP/1.1',
      lines: ['Host: localhost.'],
      status: 101,
    }),
  )
  await client.head()
  const behind = await upstream.connection(before)
  expect(behind.all).toMatch(/^GET \/ws\/a%2Fb\?c HTTP\/1\.1\r\n/)
  expect(linesOf(behind.all, 'host')).toEqual(['localhost'])
  client.destroy()
  behind.destroy()
})

function linesOf(head: string, name: string): string[] {
  const lines = head.split('\r\n').filter((line) => line.toLowerCase().startsWith(`${name}:`))
  return lines.map((line) => line.slice(name.length + 1).trim())
}
