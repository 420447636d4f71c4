import { performance } from 'node:perf_hooks'
import { afterEach, expect, test } from 'vitest'
import { GatewayError } from '../../../src/errors.ts'
import { Listener } from '../../../src/listener/listener.ts'
import type { ListenerOptions } from '../../../src/listener/listener.ts'
import { RawClient } from '../../support/raw-client.ts'

const request = 'GET / HTTP/1.1\r\nHost: a\r\n\r\n'

let listener: Listener | undefined
afterEach(() => listener?.destroy())

/** A client of a listener that answers every request at once. */
async function visit(options: Partial<ListenerOptions>): Promise<RawClient> {
  listener = new Listener(
    {
      name: 'edge',
      bind: { kind: 'tcp', host: '127.0.0.1', port: 0 },
      timeouts: { handshake: 5_000, keepAlive: 5_000 },
      earlyBytes: 1_024,
      admit: () => ({ release: () => undefined, refusal: undefined, reset: false }),
      serve: ({ response }) => void response.end('answer'),
      failed: () => undefined,
      stalled: () => undefined,
      acceptFailed: () => undefined,
      tlsFailed: () => undefined,
      ...options,
    },
    undefined,
  )
  const { port } = await listener.start()
  return RawClient.connect(port!)
}

test.each([
  [0, undefined],
  [300, undefined],
  [999, undefined],
  [1_000, 'timeout=1'],
  [65_000, 'timeout=65'],
  [Infinity, undefined],
])('with %s ms between requests, a client is told %s', async (keepAlive, told) => {
  const client = await visit({ timeouts: { handshake: 5_000, keepAlive } })
  client.send(request)
  const { headers } = await client.answer()
  expect([headers.get('connection'), headers.get('keep-alive')]).toEqual(['keep-alive', told])
  client.destroy()
})

test.each([0, 300, 1_000])('an idle connection is closed after %s ms, not later', async (ms) => {
  const client = await visit({ timeouts: { handshake: 5_000, keepAlive: ms } })
  client.send(request)
  await client.answer()
  const startedAt = performance.now()
  expect(await client.closed()).toHaveLength(0)
  const elapsed = performance.now() - startedAt
  expect(elapsed).toBeGreaterThan(ms - 50)
  expect(elapsed).toBeLessThan(ms + 900)
})

// Waits for longer than the clock: nothing else shows that it did not run.
test('a connection is not idle while it is served', async () => {
  const answers: (() => void)[] = []
  const client = await visit({
    timeouts: { handshake: 5_000, keepAlive: 50 },
    serve: ({ response }) => answers.push(() => response.end('answer')),
  })
  // Three requests in one read; the second and third wait for their turn.
  client.send(request.repeat(3))
  for (let turn = 0; turn < 3; turn++) {
    while (answers[turn] === undefined) await new Promise(setImmediate)
    const until = performance.now() + 120
    while (performance.now() < until) await new Promise(setImmediate)
    answers[turn]!()
    expect((await client.answer()).body).toBe('answer')
  }
  expect(await client.closed()).toHaveLength(0)
})

test('a connection that admission turned away brings its reason with its first request', async () => {
  const refusal = new GatewayError('gateway-full', 'no place is left')
  const reasons: unknown[] = []
  const { promise: released, resolve: release } = Promise.withResolvers<void>()
  const client = await visit({
    admit: () => ({ release, refusal, reset: false }),
    serve: ({ connection, response }) => {
      reasons.push(connection.refusal)
      response.shouldKeepAlive = false
      response.end()
    },
  })
  client.send(request)
  await client.answer()
  expect(reasons).toEqual([refusal])
  await client.closed()
  client.destroy()
  await released
})

test('a socket that may not even be told is reset, and gives its place back', async () => {
  const { promise: released, resolve: release } = Promise.withResolvers<void>()
  // The reset may come before the client knows that it was connected.
  await visit({ admit: () => ({ release, refusal: undefined, reset: true }) }).catch(() => {})
  await released
})

// Node reads on whenever an answer has gone out, whoever paused the socket.
test('of requests that wait for their turn no more than one read is held', async () => {
  const all = 2_000
  const long = request.replace('\r\n\r\n', `\r\nPadding: ${'x'.repeat(500)}\r\n\r\n`)
  let served = 0
  let held = 0
  const client = await visit({
    serve: ({ connection, response }) => {
      served += 1
      held = Math.max(held, connection.socket.bytesRead - served * long.length)
      setImmediate(() => response.end('answer'))
    },
  })
  client.send(long.repeat(all) + request.replace('\r\n\r\n', '\r\nConnection: close\r\n\r\n'))
  await client.closed()
  expect(served).toBe(all + 1)
  expect(held).toBeLessThan(128 * 1_024)
})
