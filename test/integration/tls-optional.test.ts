import { once } from 'node:events'
import { createServer } from 'node:net'
import type { Socket } from 'node:net'
import { WebSocket } from 'ws'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { configFromObject } from '../../src/config/load.ts'
import { startGateway } from '../support/gateway.ts'
import type { RunningGateway } from '../support/gateway.ts'
import { tcpEcho } from '../support/peers.ts'
import type { Peer } from '../support/peers.ts'
import { RawClient } from '../support/raw-client.ts'
import { Scratch } from '../support/scratch.ts'

const scratch = new Scratch()
let ca: string
let echo: Peer
let running: RunningGateway

beforeAll(async () => {
  echo = await tcpEcho()
  const { cert, key, ca: authority } = await scratch.certificate(['localhost'])
  ca = authority
  running = await startGateway({
    listeners: {
      edge: { bind: '127.0.0.1:0', tls: { certificates: [{ cert, key }], optional: true } },
    },
    upstreams: { echo: { servers: [`tcp://127.0.0.1:${echo.port}`] } },
    routes: [
      { match: { path: '/secure' }, redirect: 'https' },
      { match: { websocket: true }, bridge: 'echo' },
      { respond: { status: 200, body: 'here' } },
    ],
    timeouts: { handshake: '1s' },
  })
})

afterAll(() => {
  running.stop()
  echo.close()
  scratch.remove()
})

const request = 'GET / HTTP/1.1\r\nHost: localhost\r\n\r\n'

async function echoed(socket: WebSocket): Promise<string> {
  await once(socket, 'open')
  socket.send(Buffer.from('over'))
  const [data] = (await once(socket, 'message')) as [Buffer]
  socket.close()
  return data.toString()
}

test('requests come in clear text and over TLS, at one port', async () => {
  for (const options of [{}, { tls: { ca, host: 'localhost' } }]) {
    const client = await RawClient.connect(running.port(), options)
    client.send(request)
    expect((await client.answer()).status).toBe(200)
    // Kept alive: what follows is read as the first was.
    client.send(request)
    expect((await client.answer()).status).toBe(200)
    client.destroy()
  }
})

test('sessions too', async () => {
  const port = running.port()
  expect(await echoed(new WebSocket(`ws://localhost:${port}/`))).toBe('over')
  expect(await echoed(new WebSocket(`wss://localhost:${port}/`, { ca }))).toBe('over')
})

test.each([
  ['in clear text is sent to https', {}, 308],
  ['over https is served, and not sent there again', { tls: true }, 200],
] as const)('what comes %s', async (_, { tls }: { tls?: true }, status) => {
  const client = await RawClient.connect(
    running.port(),
    tls === undefined ? {} : { tls: { ca, host: 'localhost' } },
  )
  client.send('GET /secure HTTP/1.1\r\nHost: localhost\r\n\r\n')
  expect((await client.answer()).status).toBe(status)
  client.destroy()
})

test('a head that comes byte by byte is whole', async () => {
  const client = await RawClient.connect(running.port())
  for (const byte of request) {
    client.send(byte)
    await new Promise(setImmediate)
  }
  expect((await client.answer()).status).toBe(200)
  client.destroy()
})

test('a ClientHello that is cut behind its first byte is one', async () => {
  const proxy = createServer((inner: Socket) => {
    const outer = RawClient.connect(running.port())
    inner.once('data', (hello: Buffer) => {
      void outer.then(async ({ socket }) => {
        socket.setNoDelay(true)
        socket.write(hello.subarray(0, 1))
        await new Promise(setImmediate)
        socket.write(hello.subarray(1))
        inner.pipe(socket).pipe(inner)
      })
    })
  }).listen(0, '127.0.0.1')
  await once(proxy, 'listening')
  const { port } = proxy.address() as { port: number }
  expect(await echoed(new WebSocket(`wss://localhost:${port}/`, { ca }))).toBe('over')
  proxy.close()
})

test('whoever says nothing is cut at the deadline, whoever leaves at once', async () => {
  const silent = await RawClient.connect(running.port())
  const leaving = await RawClient.connect(running.port())
  leaving.socket.end()
  expect(await leaving.closed()).toHaveLength(0)
  expect(await silent.closed()).toHaveLength(0)
  await running.log.line('refused', { error: 'head-timeout' })
})

test('a required client certificate cannot be asked for where clear text is served', async () => {
  const { cert, key } = await scratch.certificate(['localhost'])
  const clientCertificate = { ca: cert, required: true }
  const tls = { certificates: [{ cert, key }], optional: true, clientCertificate }
  const input = {
    listeners: { edge: { bind: '127.0.0.1:0', tls } },
    routes: [{ respond: { status: 204 } }],
  }
  await expect(configFromObject(input, { folder: '/' })).rejects.toThrow(
    'listeners.edge.tls.optional: found true, expected false where clientCertificate is required',
  )
})
