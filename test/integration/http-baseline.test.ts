import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { afterEach, describe, expect, test } from 'vitest'
import { proxyTo, startGateway } from '../support/gateway.ts'
import { RawClient, upgradeHead } from '../support/raw-client.ts'
import { recordingUpstream } from '../support/recording-upstream.ts'
import { recorder } from './corpus/http-upstream.ts'

/** Something that forwards to one upstream. */
interface Proxy {
  readonly port: number
  /** Settles when its process has died. */
  readonly died: Promise<unknown>
}

const closing: (() => void)[] = []
afterEach(() => {
  for (const close of closing.splice(0)) close()
})

async function baseline(upstream: number): Promise<Proxy> {
  const program = fileURLToPath(new URL('http-baseline.mjs', import.meta.url))
  const child = spawn(process.execPath, [program, String(upstream)], {
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  closing.push(() => child.kill('SIGKILL'))
  const [printed] = (await once(child.stdout, 'data')) as [Buffer]
  let told = ''
  child.stderr.setEncoding('utf8').on('data', (text: string) => (told += text))
  return { port: Number(printed), died: once(child, 'close').then(() => told) }
}

async function drawbridge(upstream: number): Promise<Proxy> {
  const gateway = await startGateway(proxyTo(`http://127.0.0.1:${upstream}`))
  closing.push(() => gateway.stop())
  return { port: gateway.port(), died: new Promise(() => undefined) }
}

const smuggled = 'GET /admin HTTP/1.1\r\nHost: localhost\r\n\r\n'
const chunkedDelete =
  'DELETE /thing HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n' +
  `${smuggled.length.toString(16)}\r\n${smuggled}\r\n0\r\n\r\n`
const last = 'GET /last HTTP/1.1\r\nHost: localhost\r\n\r\n'

/**
 * The first two requests that an upstream reads, when a client sends these and waits for each
 * answer.
 */
async function firstTwo(
  make: (upstream: number) => Promise<Proxy>,
  requests: readonly string[],
): Promise<string[]> {
  const upstream = await recorder()
  closing.push(() => upstream.close())
  const { port } = await make(upstream.port)
  const client = await RawClient.connect(port)
  for (const request of requests) {
    client.send(request)
    expect((await client.answer()).status).toBe(200)
  }
  while (upstream.requests.length < 2) await new Promise(setImmediate)
  client.destroy()
  return upstream.requests.map(({ start }) => start)
}

describe('a chunked DELETE whose body looks like a request', () => {
  test('is two requests behind http-proxy: it gives the head a length of 0, and sends the body', async () => {
    expect(await firstTwo(baseline, [chunkedDelete])).toEqual(['DELETE /thing', 'GET /admin'])
  })

  test('is one request behind Drawbridge', async () => {
    expect(await firstTwo(drawbridge, [chunkedDelete, last])).toEqual([
      'DELETE /thing',
      'GET /last',
    ])
  })
})

/** Opens a WebSocket to an upstream that never answers, and resets the connection meanwhile. */
async function resetWhileDialling(make: (upstream: number) => Promise<Proxy>): Promise<Proxy> {
  const upstream = await recordingUpstream(() => undefined)
  closing.push(() => upstream.close())
  const proxy = await make(upstream.port)
  const client = await RawClient.connect(proxy.port)
  client.send(upgradeHead('/', { Origin: 'http://localhost' }))
  const dialled = await upstream.connection(0)
  while (dialled.all === '') await once(dialled.socket, 'data')
  client.reset()
  return proxy
}

describe('a client that resets its connection before its WebSocket is answered', () => {
  test('ends the process of http-proxy: nobody listens for errors of that socket yet', async () => {
    const { died } = await resetWhileDialling(baseline)
    expect(await died).toContain('ECONNRESET')
  })

  test('ends its own dial at Drawbridge, which goes on', async () => {
    const { port } = await resetWhileDialling(drawbridge)
    const next = await RawClient.connect(port)
    next.send('OPTIONS * HTTP/1.1\r\nHost: localhost\r\n\r\n')
    expect((await next.head()).status).toBe(204)
    next.destroy()
  })
})
