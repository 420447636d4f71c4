import { readFileSync } from 'node:fs'
import { createServer as createHttp } from 'node:http'
import type { RequestListener } from 'node:http'
import { connect, createServer as createTcp } from 'node:net'
import type { Server } from 'node:net'
import { text } from 'node:stream/consumers'
import { createServer as createTls } from 'node:tls'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { WebSocketServer } from 'ws'
import { clientHeader } from '../../src/proxy-protocol/client-header.ts'
import { TestAuthority } from '../support/client-certs.ts'
import { bridgeTo, proxyTo, startGateway } from '../support/gateway.ts'
import type { RunningGateway } from '../support/gateway.ts'
import { clientFrame } from '../support/frames.ts'
import { headedServer, ipv4TlvsAt, tlvTexts } from '../support/proxy-headed.ts'
import type { HeadedServer } from '../support/proxy-headed.ts'
import { RawClient, upgradeHead } from '../support/raw-client.ts'
import { Scratch } from '../support/scratch.ts'
import { mustOpen } from '../support/websocket-client.ts'

const scratch = new Scratch()
const closing: (() => void)[] = []
let running: RunningGateway
let pair: { cert: string; key: string }
let ca: string

beforeAll(async () => {
  const { ca: authority, cert, key } = await scratch.certificate(['localhost', '127.0.0.1'])
  pair = { cert, key }
  ca = scratch.write('ca.crt', authority)
})
afterEach(() => {
  running.stop()
  for (const close of closing.splice(0)) close()
})
afterAll(() => scratch.remove())

async function headed(inner: Server): Promise<HeadedServer> {
  const server = await headedServer(inner)
  closing.push(() => server.close())
  return server
}

/** Sends back what it gets. */
function echo(): Server {
  return createTcp({ allowHalfOpen: true }, (socket) => socket.pipe(socket))
}

function webApp(handle: RequestListener = (_, response) => void response.end('hello')): Server {
  const http = createHttp(handle)
  const server = new WebSocketServer({ server: http })
  server.on('connection', (socket) => {
    socket.on('message', (data, binary) => socket.send(data, { binary }))
  })
  return http
}

function to(url: string, version: 'v1' | 'v2', tls: Record<string, unknown> = {}): object {
  return { upstreams: { app: { servers: [url], sendProxyProtocol: version, tls } } }
}

/** A bridged session whose backend echoes one message. @returns the client's port */
async function bridged(first: Buffer = Buffer.alloc(0)): Promise<number> {
  const client = await RawClient.connect(running.port())
  const port = client.socket.localPort!
  client.send(Buffer.concat([first, Buffer.from(upgradeHead('/desk'))]))
  expect((await client.head()).status).toBe(101)
  client.send(clientFrame({ payload: 'knock' }))
  expect((await client.take(7)).subarray(2).toString()).toBe('knock')
  client.destroy()
  return port
}

test('a bridge begins with a v1 header, and the client’s bytes follow it', async () => {
  const backend = await headed(echo())
  running = await startGateway({
    ...bridgeTo('tcp://unused:1'),
    upstreams: {
      backend: { servers: [`tcp://127.0.0.1:${backend.port}`], sendProxyProtocol: 'v1' },
    },
  })
  const port = await bridged()
  expect(String(backend.headers[0])).toBe(
    `PROXY TCP4 127.0.0.1 127.0.0.1 ${port} ${running.port()}\r\n`,
  )
})

test('what a proxy in front announces is announced further, both ends of it', async () => {
  const backend = await headed(echo())
  running = await startGateway({
    ...bridgeTo('tcp://unused:1', {
      listeners: {
        edge: { bind: '127.0.0.1:0', acceptProxyProtocol: { from: ['127.0.0.1'] } },
      },
    }),
    upstreams: {
      backend: { servers: [`tcp://127.0.0.1:${backend.port}`], sendProxyProtocol: 'v1' },
    },
  })
  const source = { address: '2001:db8::7', port: 4711 }
  const destination = { address: '2001:db8::2', port: 443 }
  const facts = { authority: undefined, uniqueId: 'front', subject: undefined, tls: undefined }
  await bridged(clientHeader('v2', { source, destination, ...facts }))
  expect(String(backend.headers[0])).toBe(
    'PROXY TCP6 2001:db8::7 2001:db8:0:0:0:0:0:2 4711 443\r\n',
  )
})

test('a client behind trusted proxies is announced by its address, without a port', async () => {
  const backend = await headed(webApp())
  running = await startGateway({
    ...proxyTo('http://unused:1', { trustedProxies: ['127.0.0.1'] }),
    ...to(`http://127.0.0.1:${backend.port}`, 'v1'),
  })
  const socket = await mustOpen(running.port(), '/', {
    headers: { 'X-Forwarded-For': '203.0.113.9, 127.0.0.1' },
  })
  socket.terminate()
  expect(String(backend.headers[0])).toBe(
    `PROXY TCP4 203.0.113.9 127.0.0.1 0 ${running.port()}\r\n`,
  )
})

test('a client on a unix socket has no address to announce', async () => {
  const backend = await headed(webApp())
  running = await startGateway({
    ...proxyTo('http://unused:1', { listeners: { edge: { bind: `unix:${scratch.path}/edge` } } }),
    ...to(`http://127.0.0.1:${backend.port}`, 'v1'),
  })
  const socket = connect(`${scratch.path}/edge`)
  socket.write('GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n')
  expect(await text(socket)).toMatch(/^HTTP\/1\.1 200 /)
  expect(String(backend.headers[0])).toBe('PROXY UNKNOWN\r\n')
})

test('v2 tells a session’s id, name, protocol, TLS, certificate and login', async () => {
  const backend = await headed(webApp())
  const devices = new TestAuthority('devices')
  const device = devices.issue({
    subject: [
      ['O', 'Example'],
      ['CN', 'device-7 ü'],
    ],
  })
  const clients = { ca: scratch.write('devices.crt', devices.cert) }
  const tls = {
    certificates: [{ cert: pair.cert, key: pair.key }],
    clientCertificate: clients,
  }
  running = await startGateway({
    listeners: { edge: { bind: '127.0.0.1:0', tls } },
    authenticators: { devices: { certificate: { subjects: ['CN=device-*'] } } },
    ...to(`http://127.0.0.1:${backend.port}`, 'v2'),
    routes: [{ name: 'main', proxy: 'app', auth: 'devices', requireOrigin: false }],
  })
  const options = { ...device, servername: 'localhost', ALPNProtocols: ['http/1.1'] }
  const socket = await mustOpen(running.port(), '/', { tls: options })
  socket.terminate()
  const [header] = backend.headers
  const tlvs = tlvTexts(header!, ipv4TlvsAt)
  const opened = await running.log.line('session opened')
  expect(tlvs).toMatchObject({ '01': 'http/1.1', '02': 'localhost', '05': opened.id })
  const utf8 = (latin1: string | undefined): string => Buffer.from(latin1!, 'latin1').toString()
  expect(utf8(tlvs['e0'])).toBe(opened.identity)
  const ssl = Buffer.from(tlvs['20']!, 'latin1')
  expect(ssl.toString('hex', 0, 5)).toBe('0700000000')
  const inner = tlvTexts(ssl, 5)
  expect([inner['21'], utf8(inner['22'])]).toEqual(['TLSv1.3', 'device-7 ü'])
})

test('without TLS, the name is that of the Host', async () => {
  const backend = await headed(webApp())
  running = await startGateway({
    ...proxyTo('http://unused:1'),
    ...to(`http://127.0.0.1:${backend.port}`, 'v2'),
  })
  const socket = await mustOpen(running.port(), '/', { headers: { Host: 'App.example:8080' } })
  socket.terminate()
  const tlvs = tlvTexts(backend.headers[0]!, ipv4TlvsAt)
  expect(Object.keys(tlvs).toSorted()).toEqual(['02', '03', '05'])
  expect(tlvs['02']).toBe('app.example')
})

test('each request has a connection of its own, which says so', async () => {
  const seen: (string | undefined)[] = []
  const backend = await headed(
    webApp((request, response) => {
      seen.push(request.headers.connection)
      response.end(request.url)
    }),
  )
  running = await startGateway({
    ...proxyTo('http://unused:1'),
    ...to(`http://127.0.0.1:${backend.port}`, 'v1'),
  })
  const client = await RawClient.connect(running.port())
  const other = await RawClient.connect(running.port())
  const ports = [client, other, client].map(({ socket }) => socket.localPort!)
  for (const [at, asking] of [client, other, client].entries()) {
    asking.send(`GET /${at} HTTP/1.1\r\nHost: a\r\n\r\n`)
    const answer = await asking.answer()
    expect([answer.body, answer.headers.get('connection')]).toEqual([`/${at}`, 'keep-alive'])
  }
  expect(backend.headers.map((header) => Number(String(header).split(' ')[4]))).toEqual(ports)
  expect(seen).toEqual(['close', 'close', 'close'])
  client.destroy()
  other.destroy()
})

test('the header goes in front of TLS, and the certificate is asked for behind it', async () => {
  const gateways = new TestAuthority('gateways')
  const own = gateways.issue({ subject: [['CN', 'gateway']] })
  const names: (string | undefined)[] = []
  const inner = createTls(
    {
      cert: readFileSync(pair.cert),
      key: readFileSync(pair.key),
      ca: gateways.cert,
      requestCert: true,
    },
    (socket) => {
      names.push(String(socket.getPeerCertificate().subject.CN))
      socket.on('error', () => undefined)
      socket.pipe(socket)
    },
  )
  const backend = await headed(inner)
  const tls = {
    ca,
    cert: scratch.write('own.crt', own.cert),
    key: scratch.write('own.key', own.key),
  }
  running = await startGateway({
    ...bridgeTo('tcp://unused:1'),
    upstreams: {
      backend: { servers: [`tls://localhost:${backend.port}`], sendProxyProtocol: 'v1', tls },
    },
  })
  const port = await bridged()
  expect(String(backend.headers[0])).toContain(` ${port} `)
  expect(names).toEqual(['gateway'])
})

test('TLS behind the header is checked as without one', async () => {
  const inner = createTls({ cert: readFileSync(pair.cert), key: readFileSync(pair.key) })
  inner.on('tlsClientError', () => undefined)
  const backend = await headed(inner)
  running = await startGateway({
    ...proxyTo('http://unused:1'),
    ...to(`https://localhost:${backend.port}`, 'v2'),
  })
  const client = await RawClient.connect(running.port())
  client.send('GET / HTTP/1.1\r\nHost: a\r\n\r\n')
  expect((await client.head()).status).toBe(502)
  expect(await running.log.line('refused')).toMatchObject({ error: 'upstream-tls' })
  client.destroy()
})

test.each([
  ['v1', /^PROXY TCP4 127\.0\.0\.1 127\.0\.0\.1 [1-9]\d* [1-9]\d*\r\n$/],
  ['v2', /^\r\n\r\n\0\r\nQUIT\n\x20\0\0\0$/],
] as const)('a health check is nobody’s connection: %s', async (version, form) => {
  const { promise: asked, resolve: ask } = Promise.withResolvers<void>()
  const backend = await headed(
    webApp((_, response) => {
      response.end()
      ask()
    }),
  )
  const servers = [`http://127.0.0.1:${backend.port}`]
  const health = { path: '/healthz', interval: '1s' }
  running = await startGateway({
    ...proxyTo('http://unused:1'),
    upstreams: { app: { servers, sendProxyProtocol: version, health } },
  })
  await asked
  expect(backend.headers[0]!.toString('latin1')).toMatch(form)
})

test('a target of a bridge gets a header too', async () => {
  const backend = await headed(echo())
  const targets = {
    from: 'query:token',
    lookup: { file: scratch.write('tokens', `desk: 127.0.0.1:${backend.port}\n`) },
    allow: ['127.0.0.1'],
  }
  running = await startGateway({
    listeners: { edge: { bind: '127.0.0.1:0' } },
    routes: [{ name: 'main', bridge: { targets, sendProxyProtocol: 'v1' } }],
  })
  const client = await RawClient.connect(running.port())
  client.send(upgradeHead('/?token=desk'))
  expect((await client.head()).status).toBe(101)
  client.send(clientFrame({ payload: 'knock' }))
  await client.take(7)
  expect(String(backend.headers[0])).toContain(` ${client.socket.localPort} `)
  client.destroy()
})

test.each([
  ['query:token', 'desk.example'],
  ['host', undefined],
])('what a target is told of the Host where the token is from %s: %s', async (from, told) => {
  const backend = await headed(echo())
  const targets = {
    from,
    lookup: { file: scratch.write('tokens', `desk.example: 127.0.0.1:${backend.port}\n`) },
    allow: ['127.0.0.1'],
  }
  running = await startGateway({
    listeners: { edge: { bind: '127.0.0.1:0' } },
    routes: [{ name: 'main', bridge: { targets, sendProxyProtocol: 'v2' } }],
  })
  const client = await RawClient.connect(running.port())
  client.send(upgradeHead('/?token=desk.example').replace(/Host: .*/i, 'Host: desk.example'))
  expect((await client.head()).status).toBe(101)
  client.send(clientFrame({ payload: 'knock' }))
  await client.take(7)
  const [header] = backend.headers
  expect(tlvTexts(header!, ipv4TlvsAt)['02']).toBe(told)
  expect(header!.includes('desk.example')).toBe(told !== undefined)
  client.destroy()
})
