import { afterEach, expect, test } from 'vitest'
import { proxyTo, startGateway } from '../support/gateway.ts'
import { RawClient, upgradeHead } from '../support/raw-client.ts'
import { recordingUpstream } from '../support/recording-upstream.ts'
import type { RecordedConnection } from '../support/recording-upstream.ts'

const ends: (() => void)[] = []

afterEach(() => {
  for (const end of ends.splice(0)) end()
})

/** An upstream that answers when it is told to. */
async function start(config: Record<string, unknown> = {}) {
  const upstream = await recordingUpstream(() => undefined)
  const gateway = await startGateway(proxyTo(`http://127.0.0.1:${upstream.port}`, config))
  const client = await RawClient.connect(gateway.port())
  ends.push(
    () => client.destroy(),
    () => gateway.stop(),
    () => upstream.close(),
  )
  return { upstream, gateway, client }
}

function get(path: string): string {
  return `GET ${path} HTTP/1.1\r\nHost: a.example\r\n\r\n`
}

function answer(connection: RecordedConnection, body: string): void {
  connection.send(`HTTP/1.1 200 OK\r\nContent-Length: ${body.length}\r\n\r\n${body}`)
}

function targets(connections: readonly RecordedConnection[]): string[] {
  return connections.flatMap(({ all }) =>
    [...all.matchAll(/^GET (\S+)/gm)].map(([, path]) => path!),
  )
}

test('a pipelined request is not sent on before the one in front of it is answered', async () => {
  const { upstream, client } = await start()
  client.send(get('/1') + get('/2') + get('/3'))
  const first = await upstream.connection(0)
  // Its head has been taken by the upstream, which calls its script then.
  for (const body of ['one', 'two', 'three']) {
    const count = ['one', 'two', 'three'].indexOf(body) + 1
    while (targets(upstream.connections).length < count) await new Promise(setImmediate)
    expect(targets(upstream.connections)).toEqual(['/1', '/2', '/3'].slice(0, count))
    answer(first, body)
    expect((await client.answer()).body).toBe(body)
  }
  expect(upstream.connections.length).toBe(1)
})

test('an upgrade behind an unanswered request is never served', async () => {
  const { upstream, client } = await start()
  client.send(get('/1') + upgradeHead('/2'))
  const first = await upstream.connection(0)
  answer(first, 'one')
  const { body, headers } = await client.answer()
  expect([body, headers.get('connection')]).toEqual(['one', 'close'])
  expect((await client.closed()).toString()).toBe('')
  expect(targets(upstream.connections)).toEqual(['/1'])
})

test('a pipelined request is not served once its client has gone', async () => {
  const { upstream, client, gateway } = await start()
  client.send(get('/1') + get('/2'))
  const first = await upstream.connection(0)
  client.reset()
  await first.gone
  await gateway.log.line('request', { path: '/1', error: 'client-lost' })
  expect(targets(upstream.connections)).toEqual(['/1'])
})

test('a refusal reaches a client that has sent much behind the request', async () => {
  const { upstream, client } = await start()
  const more = get(`/x?${'a'.repeat(4_000)}`).repeat(2_000)
  client.send(`GET / HTTP/1.1\r\nHost: a/b\r\n\r\n${more}`)
  const { status, body } = await client.answer()
  expect([status, body]).toEqual([400, 'request-malformed\n'])
  client.end()
  await client.closed()
  expect(upstream.connections.length).toBe(0)
})

test('a body over the limit is refused, and the client hears it', async () => {
  const { upstream, client } = await start({ limits: { body: '64KiB' } })
  client.send('POST / HTTP/1.1\r\nHost: a.example\r\nTransfer-Encoding: chunked\r\n\r\n')
  for (let count = 0; count < 64; count++) client.send(`1000\r\n${'a'.repeat(4_096)}\r\n`)
  const { status, body } = await client.answer()
  expect([status, body]).toEqual([413, 'body-too-big\n'])
  client.end()
  await client.closed()
  await (
    await upstream.connection(0)
  ).gone
})
