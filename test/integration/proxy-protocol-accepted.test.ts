import { connect } from 'node:net'
import { connect as connectTls } from 'node:tls'
import { once } from 'node:events'
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest'
import { clientHeader } from '../../src/proxy-protocol/client-header.ts'
import { startGateway } from '../support/gateway.ts'
import type { RunningGateway } from '../support/gateway.ts'
import { RawClient, bytes } from '../support/raw-client.ts'
import { Scratch } from '../support/scratch.ts'

const scratch = new Scratch()
const get = 'GET /a HTTP/1.1\r\nHost: localhost\r\n\r\n'
const local = bytes('0d0a0d0a 000d0a51 5549540a 20 00 0000')

/** What a proxy says of a client at this address. */
function header(version: 'v1' | 'v2', address: string): Buffer {
  const destination = { address: address.includes(':') ? '2001:db8::2' : '198.51.100.2', port: 443 }
  return clientHeader(version, {
    source: { address, port: 56324 },
    destination,
    authority: 'localhost',
    uniqueId: 'front-1',
    subject: undefined,
    tls: undefined,
  })
}

let certificate: { cert: string; key: string }
let running: RunningGateway

beforeAll(async () => {
  const { cert, key } = await scratch.certificate(['localhost'])
  certificate = { cert, key }
})
afterAll(() => scratch.remove())

async function start(more: Record<string, unknown> = {}): Promise<void> {
  const bind = '127.0.0.1:0'
  const tls = { certificates: [certificate] }
  const acceptProxyProtocol = { from: ['127.0.0.1'] }
  running = await startGateway({
    listeners: {
      edge: { bind, acceptProxyProtocol },
      secure: { bind, tls, acceptProxyProtocol },
      either: { bind, tls: { ...tls, optional: true }, acceptProxyProtocol },
      others: { bind, acceptProxyProtocol: { from: ['192.0.2.0/24'] } },
    },
    upstreams: {},
    routes: [{ name: 'main', respond: { status: 200, body: 'hello' } }],
    ...more,
  })
}
beforeEach(() => start())
afterEach(() => running.stop())

async function restart(more: Record<string, unknown>): Promise<void> {
  running.stop()
  await start(more)
}

/** The client that the gateway logged for a request that came behind these bytes. */
async function clientBehind(first: Buffer, listener = 'edge', request = get): Promise<unknown> {
  const client = await RawClient.connect(running.port(listener))
  client.send(Buffer.concat([first, Buffer.from(request)]))
  expect(await client.answer()).toMatchObject({ status: 200, body: 'hello' })
  client.destroy()
  const [, path] = request.split(' ')
  return (await running.log.line('request', { listener, path })).client
}

test.each([
  ['v1', '203.0.113.7', '203.0.113.7'],
  ['v2', '203.0.113.7', '203.0.113.7'],
  ['v1', '2001:DB8:0::7', '2001:db8::7'],
  ['v2', '2001:DB8:0::7', '2001:db8::7'],
  ['v1', '::ffff:203.0.113.7', '203.0.113.7'],
  ['v2', '::ffff:203.0.113.7', '203.0.113.7'],
] as const)('%s from a listed proxy: a client at %s is %s', async (version, address, known) => {
  expect(await clientBehind(header(version, address))).toBe(known)
})

test.each([
  ['LOCAL', local],
  ['UNKNOWN', Buffer.from('PROXY UNKNOWN\r\n')],
  ['a client on a unix socket', bytes(`0d0a0d0a 000d0a51 5549540a 21 31 00d8 ${'2f'.repeat(216)}`)],
])('%s keeps the address of the socket', async (_, first) => {
  expect(await clientBehind(first)).toBe('127.0.0.1')
})

test.each(['v1', 'v2'] as const)('%s that comes byte by byte is the same', async (version) => {
  const client = await RawClient.connect(running.port())
  for (const byte of Buffer.concat([header(version, '203.0.113.7'), Buffer.from(get)])) {
    client.send(Buffer.of(byte))
    await new Promise(setImmediate)
  }
  expect((await client.answer()).body).toBe('hello')
  client.destroy()
  expect(await running.log.line('request')).toMatchObject({ client: '203.0.113.7' })
})

test.each(['secure', 'either'])(
  'TLS follows the header, at once or later: %s',
  async (listener) => {
    for (const [at, address] of ['203.0.113.8', '203.0.113.9'].entries()) {
      const raw = connect(running.port(listener), '127.0.0.1')
      await once(raw, 'connect')
      if (at === 0) raw.cork()
      raw.write(header('v2', address))
      const secure = connectTls({ socket: raw, rejectUnauthorized: false, servername: 'localhost' })
      if (at === 0) setImmediate(() => raw.uncork())
      const client = new RawClient(secure)
      client.send(get)
      expect((await client.answer()).body).toBe('hello')
      client.destroy()
      expect(await running.log.line('request', { client: address })).toMatchObject({ listener })
    }
  },
)

test('clear text follows the header where both are spoken', async () => {
  expect(await clientBehind(header('v1', '203.0.113.7'), 'either')).toBe('203.0.113.7')
})

test('a connection is one client’s: a second header is no request', async () => {
  const client = await RawClient.connect(running.port())
  client.send(Buffer.concat([header('v1', '203.0.113.7'), header('v1', '203.0.113.8')]))
  expect((await client.head()).status).toBe(400)
  expect(await running.log.line('refused')).toMatchObject({
    client: '203.0.113.7',
    error: 'request-malformed',
  })
  client.destroy()
})

test.each([
  ['a request without a header', 'edge', Buffer.from(get)],
  ['a broken header', 'edge', Buffer.from('PROXY TCP4 203.0.113.7 198.51.100.2 1\r\n')],
  ['a header that is too long', 'edge', bytes('0d0a0d0a 000d0a51 5549540a 21 11 ffff')],
  ['another version', 'edge', bytes('0d0a0d0a 000d0a51 5549540a 31 11 000c')],
  ['a TLS handshake without a header', 'secure', bytes('16 030100 00')],
])('a listed proxy is reset for %s', async (_, listener, first) => {
  const client = await RawClient.connect(running.port(listener))
  client.send(first)
  expect(await client.closed()).toHaveLength(0)
  expect(client.wasReset).toBe(true)
  expect(await running.log.line('refused')).toMatchObject({
    listener,
    client: '127.0.0.1',
    error: 'proxy-header-invalid',
  })
  expect(await running.metrics.render()).toMatch(
    /^drawbridge_refusals_total\{.*"proxy-header-invalid".*\} 1$/m,
  )
})

test('a header that is cut off is refused', async () => {
  const client = await RawClient.connect(running.port())
  client.send('PROXY TCP4 203.0.113.7 ')
  client.end()
  await client.closed()
  expect(await running.log.line('refused')).toMatchObject({ error: 'proxy-header-invalid' })
})

test('a proxy that connects and leaves is no refusal', async () => {
  const client = await RawClient.connect(running.port())
  client.end()
  await client.closed()
  await clientBehind(local)
  expect(running.log.lines.filter(({ msg }) => msg === 'refused')).toEqual([])
})

test.each([
  ['silence', ''],
  ['half a header', 'PROXY TCP4 '],
])('%s ends with the time for the head', async (_, first) => {
  await restart({ timeouts: { handshake: '300ms' } })
  const client = await RawClient.connect(running.port())
  if (first !== '') client.send(first)
  expect(await client.closed()).toHaveLength(0)
  expect(await running.log.line('refused')).toMatchObject({
    client: '127.0.0.1',
    error: 'head-timeout',
  })
})

test.each(['v1', 'v2'] as const)('the bytes of others are never a header: %s', async (version) => {
  const client = await RawClient.connect(running.port('others'))
  client.send(Buffer.concat([header(version, '192.0.2.7'), Buffer.from(get)]))
  expect((await client.head()).status).toBe(400)
  client.destroy()
  expect(await running.log.line('refused')).toMatchObject({
    client: '127.0.0.1',
    error: 'request-malformed',
  })
  expect(await clientBehind(Buffer.alloc(0), 'others')).toBe('127.0.0.1')
})

test('rules about clients are about the announced address', async () => {
  await restart({
    routes: [
      {
        name: 'main',
        clients: { allow: ['203.0.113.0/24'] },
        respond: { status: 200, body: 'hello' },
      },
    ],
  })
  await clientBehind(header('v2', '203.0.113.7'))
  for (const first of [header('v2', '198.51.100.7'), local]) {
    const client = await RawClient.connect(running.port())
    client.send(Buffer.concat([first, Buffer.from(get)]))
    expect((await client.head()).status).toBe(403)
    client.destroy()
  }
})

test('X-Forwarded-For is believed of the announced peer, not of the proxy that announces', async () => {
  await restart({ trustedProxies: ['127.0.0.1', '203.0.113.0/24'] })
  const forwarded = get.replace('\r\n\r\n', '\r\nX-Forwarded-For: 192.0.2.99\r\n\r\n')
  expect(await clientBehind(header('v2', '203.0.113.7'), 'edge', forwarded)).toBe('192.0.2.99')
  const other = forwarded.replace('/a', '/b')
  expect(await clientBehind(header('v2', '198.51.100.7'), 'edge', other)).toBe('198.51.100.7')
})

test('connections are counted by the announced client; a proxy itself may have any number', async () => {
  await restart({ admission: { connectionsPerClient: 2 } })
  const held: RawClient[] = []
  const open = async (first: Buffer): Promise<number> => {
    const client = await RawClient.connect(running.port())
    held.push(client)
    client.send(Buffer.concat([first, Buffer.from(get)]))
    return (await client.head()).status
  }
  const statuses: number[] = []
  for (const address of ['203.0.113.7', '203.0.113.7', '203.0.113.7', '203.0.113.8'])
    statuses.push(await open(header('v2', address)))
  for (let count = 0; count < 3; count++) statuses.push(await open(local))
  expect(statuses).toEqual([200, 200, 429, 200, 200, 200, 200])
  for (const client of held) client.destroy()
})

test('a place is given back when the client of a proxy leaves', async () => {
  await restart({ admission: { connectionsPerClient: 1, connections: 2 } })
  for (let count = 0; count < 5; count++) {
    const client = await RawClient.connect(running.port())
    client.send(
      Buffer.concat([
        header('v2', '203.0.113.7'),
        Buffer.from(get.replace('\r\n\r\n', '\r\nConnection: close\r\n\r\n')),
      ]),
    )
    expect((await client.head()).status).toBe(200)
    client.end()
    await client.closed()
  }
})
