import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { fullListener } from '../support/full-listener.ts'
import { startGateway } from '../support/gateway.ts'
import type { RunningGateway } from '../support/gateway.ts'
import { RawClient, upgradeHead } from '../support/raw-client.ts'
import { recordingUpstream, switching } from '../support/recording-upstream.ts'
import type { RecordingUpstream, Script } from '../support/recording-upstream.ts'

let upstream: RecordingUpstream
let running: RunningGateway
let full: Awaited<ReturnType<typeof fullListener>>

beforeAll(async () => {
  full = await fullListener()
})
afterAll(() => full.close())

beforeEach(async () => {
  upstream = await recordingUpstream()
  running = await startGateway({
    listeners: { edge: { bind: '127.0.0.1:0' } },
    upstreams: {
      full: { servers: [`http://127.0.0.1:${full.port}`], timeouts: { connect: '10m' } },
      raw: { servers: [`tcp://127.0.0.1:${full.port}`], timeouts: { connect: '10m' } },
      app: {
        servers: [`http://127.0.0.1:${upstream.port}`],
        timeouts: { connect: '10m', handshake: '10m', response: '10m' },
      },
    },
    routes: [
      { match: { path: '/full' }, proxy: 'full' },
      { match: { path: '/raw' }, bridge: 'raw' },
      { proxy: 'app' },
    ],
    timeouts: { closing: '10m', stall: '10m' },
  })
})

afterEach(async () => {
  await running.gateway.drain()
  upstream.close()
})

/** Sockets and timers of the process: ours, the test's and the gateway's. */
function resources(): string[] {
  return process.getActiveResourcesInfo().filter((name) => /TCP|TLS|Timeout/.test(name))
}

/** What there is now and was not there before. */
function left(before: readonly string[]): string[] {
  const known = [...before]
  return resources().filter((name) => {
    const at = known.indexOf(name)
    if (at >= 0) known.splice(at, 1)
    return at < 0
  })
}

/**
 * Nothing is left that was not there before: sockets take some turns of the event loop to close.
 */
async function expectNothingLeft(before: readonly string[]): Promise<void> {
  const deadline = performance.now() + 10_000
  while (left(before).length > 0 && performance.now() < deadline) {
    await new Promise((resolve) => setImmediate(resolve))
  }
  expect(left(before)).toEqual([])
  const metrics = await running.metrics.render()
  expect(metrics).toContain('drawbridge_connections_open{listener="edge"} 0')
}

type Leave = (client: RawClient) => void
const leaves: readonly (readonly [how: string, leave: Leave])[] = [
  ['ends', (client) => client.end()],
  ['is destroyed', (client) => client.destroy()],
  ['resets', (client) => client.reset()],
]

const get = (path: string): string => `GET ${path} HTTP/1.1\r\nHost: localhost\r\n\r\n`
const post = 'POST /ws HTTP/1.1\r\nHost: localhost\r\nContent-Length: 10\r\n\r\nfive!'
const never: Script = () => undefined

describe.each(leaves)('a client that %s', (_, leave) => {
  test.each([
    ['an upgrade', upgradeHead('/full')],
    ['a bridge', upgradeHead('/raw')],
    ['a request', get('/full')],
  ])('while its upstream is connected to: %s', async (_, request) => {
    const before = resources()
    const client = await RawClient.connect(running.port())
    client.send(request)
    // An answer to a second client tells that the first has been read and dialled for.
    const second = await RawClient.connect(running.port())
    second.send('OPTIONS * HTTP/1.1\r\nHost: localhost\r\n\r\n')
    expect((await second.head()).status).toBe(204)
    second.destroy()
    leave(client)
    const line = await running.log.line('request', { error: 'client-lost' })
    expect(line).toMatchObject({ status: 0, client: '127.0.0.1' })
    client.destroy()
    await expectNothingLeft(before)
  })

  test.each([
    ['an upgrade', upgradeHead('/ws')],
    ['an upgrade with frames behind it', `${upgradeHead('/ws')}frames`],
    ['a request', get('/ws')],
    ['a request inside its body', post],
  ])('while its upstream is silent: %s', async (_, request) => {
    upstream.play(never)
    const before = resources()
    const client = await RawClient.connect(running.port())
    client.send(request)
    const behind = await upstream.connection(0)
    await behind.take(0)
    leave(client)
    const line = await running.log.line('request', { error: 'client-lost' })
    expect(line).toMatchObject({ status: 0 })
    await behind.gone
    client.destroy()
    await expectNothingLeft(before)
  })

  test.each([
    ['an upgrade', upgradeHead('/ws')],
    ['a request', get('/ws')],
  ])('while it is answered: %s', async (_, request) => {
    upstream.play((connection) =>
      connection.send('HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\nfive!'),
    )
    const before = resources()
    const client = await RawClient.connect(running.port())
    client.send(request)
    expect((await client.head()).status).toBe(200)
    await client.take(5)
    leave(client)
    const line = await running.log.line('request', { error: 'client-lost' })
    expect(line).toMatchObject({ status: 200, sent: { bytes: 5 } })
    await (
      await upstream.connection(0)
    ).gone
    client.destroy()
    await expectNothingLeft(before)
  })
})

describe('nothing is left', () => {
  const answers: readonly (readonly [name: string, script: Script])[] = [
    [
      'a 101 that is none',
      (connection) => connection.send('HTTP/1.1 101 Switching Protocols\r\n\r\n'),
    ],
    [
      'an answer of its own',
      (connection) =>
        connection.send(
          'HTTP/1.1 404 Not Found\r\nContent-Length: 2\r\nConnection: close\r\n\r\nno',
        ),
    ],
    ['garbage', (connection) => connection.send('SSH-2.0-OpenSSH_9.2p1\r\n\r\n')],
    ['FIN', (connection) => connection.end()],
    ['a reset', (connection) => connection.reset()],
    ['a head that is cut', (connection) => connection.socket.end('HTTP/1.1 20')],
    [
      'a body that is cut',
      (connection) => connection.socket.end('HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nfive!'),
    ],
    [
      'a 101 and a reset',
      (connection, head) => void connection.socket.write(switching(head), () => connection.reset()),
    ],
    ['a 101 and FIN', (connection, head) => void connection.socket.end(switching(head))],
  ]
  test.each(answers)('of an upstream that answers %s', async (_, script) => {
    upstream.play(script)
    const before = resources()
    for (const request of [upgradeHead('/ws'), get('/ws')]) {
      const at = upstream.connections.length
      const client = await RawClient.connect(running.port())
      client.send(request)
      await client.head()
      await (
        await upstream.connection(at)
      ).gone
      client.destroy()
    }
    await expectNothingLeft(before)
  })
})
