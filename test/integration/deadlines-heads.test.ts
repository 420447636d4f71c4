import { connect } from 'node:net'
import { performance } from 'node:perf_hooks'
import { setImmediate as turn } from 'node:timers/promises'
import { connect as connectTls } from 'node:tls'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { startGateway } from '../support/gateway.ts'
import type { RunningGateway } from '../support/gateway.ts'
import { RawClient } from '../support/raw-client.ts'
import { tlsFiles } from '../support/tls-files.ts'
import type { TlsFiles } from '../support/tls-files.ts'
import { recorder } from './corpus/http-upstream.ts'
import type { Recorder } from './corpus/http-upstream.ts'

const head = 'GET / HTTP/1.1\r\nHost: a.example\r\n\r\n'

/** What the deadlines of this gateway are: a cut comes then, or less than a second later. */
const handshakeMs = 1_000
const stallMs = 700
const keepAliveMs = 1_500

let files: TlsFiles
let upstream: Recorder
/** Of the bodies that stop coming. */
let starved: Recorder
let gateway: RunningGateway

beforeAll(async () => {
  files = await tlsFiles()
  upstream = await recorder()
  starved = await recorder()
  gateway = await startGateway({
    listeners: {
      edge: { bind: '127.0.0.1:0' },
      secure: { bind: '127.0.0.1:0', tls: { certificates: files.certificates } },
    },
    timeouts: {
      handshake: `${handshakeMs}ms`,
      stall: `${stallMs}ms`,
      keepAlive: `${keepAliveMs}ms`,
    },
    upstreams: {
      app: { servers: [`http://127.0.0.1:${upstream.port}`] },
      starved: { servers: [`http://127.0.0.1:${starved.port}`] },
    },
    routes: [
      { name: 'hello', match: { path: '/' }, respond: { status: 200, body: 'hello' } },
      { name: 'starved', match: { path: '/body' }, proxy: 'starved' },
      { name: 'app', proxy: 'app' },
    ],
  })
})

afterAll(() => {
  gateway.stop()
  upstream.close()
  starved.close()
  files.remove()
})

const listeners = ['edge', 'secure'] as const

async function open(listener: (typeof listeners)[number]): Promise<RawClient> {
  return await RawClient.connect(gateway.port(listener), listener === 'secure' ? { tls: {} } : {})
}

/** A byte every 50 ms, for as long as the other end takes them. */
function trickle(client: RawClient, text: string): void {
  let at = 0
  const timer = setInterval(() => {
    if (client.ended || at >= text.length) clearInterval(timer)
    else client.send(text.charAt(at++))
  }, 50)
}

function expectWithin(startedAt: number, ms: number): void {
  const took = performance.now() - startedAt
  // The client's clock starts a little after the gateway's.
  expect(took).toBeGreaterThan(ms - 100)
  expect(took).toBeLessThan(ms + 1_000)
}

async function expectTimeout(client: RawClient, token: string): Promise<void> {
  const { status, body, headers } = await client.answer()
  expect([status, body, headers.get('connection')]).toEqual([408, `${token}\n`, 'close'])
  expect((await client.closed()).toString()).toBe('')
  client.destroy()
}

describe.concurrent.each(listeners)('timeouts.handshake, on %s', (listener) => {
  test('silence gets 408', async () => {
    const startedAt = performance.now()
    await expectTimeout(await open(listener), 'head-timeout')
    expectWithin(startedAt, handshakeMs)
  })

  test('a head that comes byte by byte is cut all the same', async () => {
    const startedAt = performance.now()
    const client = await open(listener)
    trickle(client, `GET / HTTP/1.1\r\nHost: a.example\r\nX: ${'a'.repeat(1_000)}`)
    await expectTimeout(client, 'head-timeout')
    expectWithin(startedAt, handshakeMs)
  })

  test('header lines without end are cut all the same', async () => {
    const startedAt = performance.now()
    const client = await open(listener)
    client.send('GET / HTTP/1.1\r\nHost: a.example\r\n')
    trickle(client, 'a:\r\n'.repeat(90))
    await expectTimeout(client, 'head-timeout')
    expectWithin(startedAt, handshakeMs)
  })

  test('blank lines without end are cut all the same', async () => {
    const startedAt = performance.now()
    const client = await open(listener)
    trickle(client, '\r\n'.repeat(90))
    await expectTimeout(client, 'head-timeout')
    expectWithin(startedAt, handshakeMs)
  })

  test('a later head counts from its first byte', async () => {
    const client = await open(listener)
    client.send(head)
    expect((await client.answer()).status).toBe(200)
    // Idle for longer than half of a head's time, which is another clock's.
    await pass(handshakeMs * 0.75)
    const startedAt = performance.now()
    trickle(client, `GET / HTTP/1.1\r\nHost: a.example\r\nX: ${'a'.repeat(1_000)}`)
    await expectTimeout(client, 'head-timeout')
    expectWithin(startedAt, handshakeMs)
  })

  test('a head in time is served', async () => {
    const client = await open(listener)
    client.send('GET /')
    await pass(handshakeMs * 0.5)
    client.send(' HTTP/1.1\r\nHost: a.example\r\n\r\n')
    expect((await client.answer()).status).toBe(200)
    client.destroy()
  })

  test.each([
    ['of our own', head],
    ["of an upstream's", head.replace('/', '/app')],
  ])('timeouts.keepAlive: behind an answer %s an idle connection is closed', async (_, asked) => {
    const client = await open(listener)
    client.send(asked)
    expect((await client.answer()).status).toBe(200)
    const startedAt = performance.now()
    expect((await client.closed()).toString()).toBe('')
    client.destroy()
    expect(performance.now() - startedAt).toBeGreaterThan(keepAliveMs - 100)
    expect(performance.now() - startedAt).toBeLessThan(keepAliveMs + 900)
  })

  test('timeouts.stall: a body of which nothing comes gets 408, and the upstream is let go', async () => {
    const client = await open(listener)
    client.send('POST /body HTTP/1.1\r\nHost: a.example\r\nContent-Length: 10\r\n\r\nhello')
    const startedAt = performance.now()
    await expectTimeout(client, 'body-timeout')
    expect(performance.now() - startedAt).toBeGreaterThan(stallMs - 100)
    while (starved.pending() > 0) await turn()
    expect(starved.requests).toEqual([])
  })

  test('timeouts.stall: a body of which something comes is not cut', async () => {
    const client = await open(listener)
    const body = 'a'.repeat(40)
    client.send(`POST /slow HTTP/1.1\r\nHost: a.example\r\nContent-Length: ${body.length}\r\n\r\n`)
    trickle(client, body)
    expect((await client.answer()).status).toBe(200)
    expect(upstream.requests.find(({ start }) => start === 'POST /slow')?.body).toBe(body)
    client.destroy()
  })
})

describe.concurrent('timeouts.handshake before TLS is through', () => {
  test.each([
    ['silence', ''],
    ['half a ClientHello', '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03'],
  ])('%s is cut without an answer, and told', async (_, bytes) => {
    const startedAt = performance.now()
    const client = await RawClient.connect(gateway.port('secure'))
    if (bytes !== '') client.send(bytes)
    expect((await client.closed()).toString()).toBe('')
    expectWithin(startedAt, handshakeMs)
    client.destroy()
    const line = await gateway.log.line('refused', {
      listener: 'secure',
      error: 'head-timeout',
      status: undefined,
    })
    expect(line['client']).toBe('127.0.0.1')
  })

  test('a handshake that comes byte by byte is cut all the same', async () => {
    const startedAt = performance.now()
    const client = await RawClient.connect(gateway.port('secure'))
    trickle(client, `\x16\x03\x01\x40\x00\x01\x00\x3f\xfc\x03\x03${'\0'.repeat(200)}`)
    expect((await client.closed()).toString()).toBe('')
    expectWithin(startedAt, handshakeMs)
    client.destroy()
  })

  test('TLS and the head have one deadline together', async () => {
    const startedAt = performance.now()
    const { promise, resolve } = Promise.withResolvers<void>()
    const raw = connect(
      { port: gateway.port('secure'), host: '127.0.0.1', allowHalfOpen: true },
      resolve,
    )
    await promise
    await pass(handshakeMs * 0.75)
    const client = new RawClient(connectTls({ socket: raw, rejectUnauthorized: false }))
    await expectTimeout(client, 'head-timeout')
    expectWithin(startedAt, handshakeMs)
  })
})

/** The client's own slowness: what is tested is time. */
async function pass(ms: number): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>()
  setTimeout(resolve, ms)
  await promise
}
