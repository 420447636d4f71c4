import { afterEach, describe, expect, test } from 'vitest'
import type { Token } from '../../src/errors.ts'
import { Metrics } from '../../src/observe/metrics.ts'
import { proxyTo, startGateway } from '../support/gateway.ts'
import type { RunningGateway } from '../support/gateway.ts'
import type { GatewayParts } from '../../src/gateway/parts.ts'
import { RawClient, upgradeHead } from '../support/raw-client.ts'
import { acceptUpgrade, recordingUpstream } from '../support/recording-upstream.ts'
import type { RecordingUpstream, Script } from '../support/recording-upstream.ts'

let upstream: RecordingUpstream
let running: RunningGateway
const clients: RawClient[] = []

async function start(
  more: Record<string, unknown>,
  script?: Script,
  parts: Partial<GatewayParts> = {},
): Promise<void> {
  upstream = await recordingUpstream(script)
  running = await startGateway(proxyTo(`http://127.0.0.1:${upstream.port}`, more), parts)
}

async function send(request: string): Promise<RawClient> {
  const client = await RawClient.connect(running.port())
  clients.push(client)
  client.send(request)
  return client
}

afterEach(() => {
  for (const client of clients.splice(0)) client.destroy()
  running.stop()
  upstream.close()
})

const get = 'GET /page HTTP/1.1\r\nHost: localhost\r\n\r\n'

async function expectRefusal(
  client: RawClient,
  status: number,
  token: Token,
  count = 1,
): Promise<void> {
  const answer = await client.answer()
  expect(answer).toMatchObject({ status, body: `${token}\n` })
  // Of a rate it is the time until the next one may come, which is a minute at most here.
  if (status !== 500) expect(answer.headers.get('retry-after')).toMatch(/^(?:[1-9]|[1-5]\d|60)$/)
  expect(answer.headers.get('connection')).toBe('close')
  expect(await client.closed()).toHaveLength(0)
  const line = await running.log.line('refused', { error: token })
  expect(line).toMatchObject({ status, error: token, listener: 'edge', client: '127.0.0.1' })
  const metrics = await running.metrics.render()
  expect(metrics).toContain(`drawbridge_refusals_total{error="${token}"} ${count}`)
}

describe('client-limit', () => {
  test('a client that opens WebSockets too fast', async () => {
    await start({ admission: { handshakesPerClient: '1/m' } })
    expect((await (await send(upgradeHead('/ws'))).head()).status).toBe(101)
    await expectRefusal(await send(upgradeHead('/ws')), 429, 'client-limit')
    // Plain requests are not counted among them.
    expect((await (await send(get)).head()).status).toBe(200)
    expect(upstream.connections).toHaveLength(2)
    const line = await running.log.line('refused')
    expect(line).toMatchObject({ route: 'main', method: 'GET', path: '/ws', host: 'localhost' })
  })

  test('a client that holds too many connections, until one of them ends', async () => {
    await start({ admission: { connectionsPerClient: 2 } })
    const first = await send(upgradeHead('/ws'))
    expect((await first.head()).status).toBe(101)
    await RawClient.connect(running.port()).then((idle) => clients.push(idle))
    await expectRefusal(await send(get), 429, 'client-limit')
    clients.splice(1, 1)[0]?.destroy()
    // The place is free once the gateway has seen the end.
    let status = 429
    while (status === 429) {
      const client = await send(get)
      ;({ status } = await client.head())
      client.destroy()
    }
    expect(status).toBe(200)
  })
})

describe('gateway-full', () => {
  test('beyond admission.connections', async () => {
    await start({ admission: { connections: 1 } })
    expect((await (await send(upgradeHead('/ws'))).head()).status).toBe(101)
    await expectRefusal(await send(get), 503, 'gateway-full')
    await expectRefusal(await send(upgradeHead('/ws')), 503, 'gateway-full', 2)
    expect(upstream.connections).toHaveLength(1)
  })
})

describe('draining', () => {
  test('a request that waits behind another when the drain begins', async () => {
    await start({}, () => undefined)
    const client = await send(get + get)
    const behind = await upstream.connection(0)
    await behind.take(0)
    // The second has come as well: both were in one packet.
    const drained = running.gateway.drain()
    behind.send('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok')
    expect(await client.answer()).toMatchObject({ status: 200, body: 'ok' })
    await expectRefusal(client, 503, 'draining')
    client.destroy()
    await drained
  })

  test('an upgrade that is being dialled opens, and is told at once', async () => {
    const dialled = Promise.withResolvers<() => void>()
    await start({}, (connection, head) => {
      dialled.resolve(() => acceptUpgrade(connection, head))
    })
    const client = await send(upgradeHead('/ws'))
    const behind = await upstream.connection(0)
    const answer = await dialled.promise
    const drained = running.gateway.drain()
    answer()
    const head = await client.head()
    expect(head.status).toBe(101)
    const close = await client.take(4)
    expect(close.readUInt16BE(2)).toBe(1001)
    client.destroy()
    behind.destroy()
    await drained
  })
})

describe('internal', () => {
  test('a bug of ours is a 500, and an error in the log', async () => {
    class BrokenMetrics extends Metrics {
      override dialSeconds(): void {
        throw new TypeError('a bug')
      }
    }
    // Before the handshake there is no other place to put one.
    await start(
      {},
      (connection) => connection.send('HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n'),
      { metrics: new BrokenMetrics() },
    )
    const client = await send(upgradeHead('/ws'))
    expect(await client.answer()).toMatchObject({ status: 500, body: 'internal\n' })
    const line = await running.log.line('refused')
    expect(line).toMatchObject({ level: 'error', status: 500, error: 'internal', route: 'main' })
    expect(JSON.stringify(line['err'])).toContain('a bug')
  })
})
