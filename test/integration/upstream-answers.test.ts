import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { proxyTo, startGateway } from '../support/gateway.ts'
import type { RunningGateway } from '../support/gateway.ts'
import { RawClient, upgradeHead } from '../support/raw-client.ts'
import type { Head } from '../support/raw-client.ts'
import { recordingUpstream } from '../support/recording-upstream.ts'
import type { RecordedConnection, RecordingUpstream } from '../support/recording-upstream.ts'
import { hostileAnswers } from '../unit/upstream/hostile-answers.ts'
import {
  brokenBodies,
  cutAnswers,
  extraBytes,
  relayedAnswers,
  unasked,
} from './corpus/upstream-answers.ts'

let upstream: RecordingUpstream
let running: RunningGateway

beforeAll(async () => {
  upstream = await recordingUpstream()
  running = await startGateway(
    proxyTo(`http://127.0.0.1:${upstream.port}`, { timeouts: { closing: '10m' } }),
  )
})

afterAll(async () => {
  await running.gateway.drain()
  upstream.close()
})

const get = 'GET /page HTTP/1.1\r\nHost: localhost\r\n\r\n'
const post = 'POST /page HTTP/1.1\r\nHost: localhost\r\nContent-Length: 4\r\n\r\nform'
const h2c = upgradeHead('/page', {
  Upgrade: 'h2c',
  Connection: 'Upgrade, HTTP2-Settings',
  'HTTP2-Settings': 'AAMAAABk',
})

/** Sends a request; the upstream answers these bytes, and closes where `fin` says so. */
async function ask(
  request: string,
  bytes: string,
  fin = false,
): Promise<{ client: RawClient; behind: RecordedConnection }> {
  const before = upstream.connections.length
  upstream.play((connection) => {
    connection.send(bytes)
    if (fin) connection.end()
  })
  const client = await RawClient.connect(running.port())
  client.send(request)
  return { client, behind: await upstream.connection(before) }
}

/** Takes the body of an answer, whichever way it is framed. */
async function bodyOf(client: RawClient, { status, headers }: Head): Promise<string> {
  if (status === 204 || status === 304) return ''
  const length = headers.get('content-length')
  if (length !== undefined) return (await client.take(Number(length))).toString('latin1')
  if (headers.get('transfer-encoding') !== 'chunked')
    return (await client.closed()).toString('latin1')
  let body = ''
  for (;;) {
    let line = ''
    while (!line.endsWith('\r\n')) line += (await client.take(1)).toString('latin1')
    const size = Number.parseInt(line, 16)
    const chunk = await client.take(size + 2)
    if (size === 0) return body
    body += chunk.subarray(0, size).toString('latin1')
  }
}

describe('an answer that is no 101', () => {
  test.each(relayedAnswers)('is relayed, to an upgrade: $name', async (input) => {
    const { client, behind } = await ask(upgradeHead('/ws'), input.bytes, input.fin)
    const head = await client.head()
    expect(head.status).toBe(input.status)
    expect(head.headers.get('connection')).toBe('close')
    expect(Object.fromEntries(head.headers)).toMatchObject(input.headers ?? {})
    for (const name of input.without ?? []) expect(head.headers.has(name)).toBe(false)
    expect(await bodyOf(client, head)).toBe(input.body)
    // Never tunnelled: neither side hears of what the other sends now.
    client.send('evil')
    await client.closed()
    client.destroy()
    await behind.gone
    expect(behind.all).toMatch(/^GET [^]*\r\n\r\n$/)
  })

  test.each(relayedAnswers)('is relayed, to a plain request: $name', async (input) => {
    const { client, behind } = await ask(get, input.bytes, input.fin)
    const head = await client.head()
    expect(head.status).toBe(input.status)
    expect(Object.fromEntries(head.headers)).toMatchObject(input.headers ?? {})
    for (const name of input.without ?? []) expect(head.headers.has(name)).toBe(false)
    expect(await bodyOf(client, head)).toBe(input.body)
    client.destroy()
    behind.destroy()
  })

  test.each(relayedAnswers.filter(({ fin, bytes }) => fin === undefined && !/chunked/.test(bytes)))(
    'is relayed without its body, to HEAD: $name',
    async ({ bytes, status, headers }) => {
      const whole = bytes.slice(0, bytes.lastIndexOf('\r\n\r\n') + 4)
      const { client, behind } = await ask(get.replace('GET', 'HEAD'), whole)
      const head = await client.head()
      expect(head.status).toBe(status)
      expect(Object.fromEntries(head.headers)).toMatchObject(headers ?? {})
      // The next answer on this connection follows at once: there was no body.
      client.send('OPTIONS * HTTP/1.1\r\nHost: localhost\r\n\r\n')
      expect((await client.head()).status).toBe(204)
      client.destroy()
      behind.destroy()
    },
  )
})

describe('bytes behind a whole answer', () => {
  test.each(extraBytes)('are dropped, with the connection: %s', async (_, bytes) => {
    for (const request of [get, post, upgradeHead('/ws')]) {
      const { client, behind } = await ask(request, bytes)
      const head = await client.head()
      expect(head.status).toBe(200)
      expect(await bodyOf(client, head)).toBe('ok')
      await behind.gone
      // The next request has a connection of its own, and an answer of its own.
      const next = await ask(
        get,
        'HTTP/1.1 200 OK\r\nContent-Length: 4\r\nConnection: close\r\n\r\nnext',
      )
      expect(await next.client.answer()).toMatchObject({ status: 200, body: 'next' })
      expect(client.received.toString('latin1')).not.toContain('evil')
      client.destroy()
      next.client.destroy()
    }
  })
})

describe('an answer that ends inside its body', () => {
  const kinds = [
    ['an upgrade', upgradeHead('/ws')],
    ['a plain request', get],
  ] as const
  test.each(
    kinds.flatMap(([kind, request]) =>
      cutAnswers.map(([name, bytes]) => ({ kind, name, request, bytes })),
    ),
  )('cuts the client off as well: $name, to $kind', async ({ request, bytes }) => {
    for (const fin of [true, false]) {
      const { client, behind } = await ask(request, bytes, fin)
      const head = await client.head()
      expect(head.status).toBe(200)
      if (!fin) behind.reset()
      await expect(bodyOf(client, head)).rejects.toThrow('the connection ended')
      client.destroy()
      await behind.gone
    }
  })

  test.each(kinds)(
    'and so does a reset together with the last bytes, to %s',
    async (_, request) => {
      const before = upstream.connections.length
      upstream.play((connection) => {
        connection.send('HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nhalf')
        connection.reset()
      })
      const client = await RawClient.connect(running.port())
      client.send(request)
      const head = await client.head()
      expect(head.status).toBe(200)
      await expect(bodyOf(client, head)).rejects.toThrow('the connection ended')
      client.destroy()
      await (
        await upstream.connection(before)
      ).gone
    },
  )

  test.each(
    kinds.flatMap(([kind, request]) =>
      brokenBodies.map(([name, bytes]) => ({ kind, name, request, bytes })),
    ),
  )('or inside what is no body: $name, to $kind', async ({ request, bytes }) => {
    const { client, behind } = await ask(request, bytes)
    // Either the failure was seen before the head went out, or the answer must not look whole.
    const head = await client.head()
    if (head.status === 502)
      expect(await bodyOf(client, head)).toMatch(/^upstream-(invalid|lost)\n$/)
    else await expect(bodyOf(client, head)).rejects.toThrow('the connection ended')
    client.destroy()
    await behind.gone
  })
})

describe('an answer to a plain request', () => {
  test.each(unasked)('that is a 101 nobody asked for gets 502: %s', async (_, bytes) => {
    for (const request of [get, post, h2c, get.replace('GET', 'HEAD')]) {
      const { client, behind } = await ask(request, `${bytes}evil`)
      const head = await client.head()
      expect(head.status).toBe(502)
      if (!request.startsWith('HEAD')) expect(await bodyOf(client, head)).toBe('upstream-invalid\n')
      client.send('evil')
      await behind.gone
      expect(behind.all).not.toContain('evil')
      client.destroy()
    }
  })

  test.each(hostileAnswers)(
    'that is none gets 502: $name ($token)',
    async ({ bytes, fin, token }) => {
      const { client, behind } = await ask(get, bytes, fin)
      expect(await client.answer()).toMatchObject({ status: 502, body: `${token}\n` })
      // The client's connection is not to blame: its next request is answered.
      client.send('OPTIONS * HTTP/1.1\r\nHost: localhost\r\n\r\n')
      expect((await client.head()).status).toBe(204)
      await behind.gone
      client.destroy()
    },
  )

  test('that is early and hostile does not let the rest of the body out', async () => {
    const { client, behind } = await ask(
      post.replace('form', 'fo'),
      'SSH-2.0-OpenSSH_9.2p1\r\n\r\n',
    )
    expect(await client.answer()).toMatchObject({ status: 502, body: 'upstream-invalid\n' })
    client.send('rm')
    await behind.gone
    expect(behind.all).toMatch(/\r\n\r\n(fo)?$/)
    client.destroy()
  })
})
