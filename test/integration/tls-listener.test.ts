import { once } from 'node:events'
import { createConnection } from 'node:net'
import { connect } from 'node:tls'
import type { ConnectionOptions, TLSSocket } from 'node:tls'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { startGateway } from '../support/gateway.ts'
import type { RunningGateway } from '../support/gateway.ts'
import { clientFrame } from '../support/frames.ts'
import { RawClient, upgradeHead } from '../support/raw-client.ts'
import { recordingUpstream } from '../support/recording-upstream.ts'
import type { RecordingUpstream } from '../support/recording-upstream.ts'
import { Scratch } from '../support/scratch.ts'
import { serverNames } from './corpus/tls-names.ts'

const scratch = new Scratch()
let upstream: RecordingUpstream
let running: RunningGateway

async function pair(...names: string[]): Promise<{ cert: string; key: string }> {
  const { cert, key } = await scratch.certificate(names)
  return { cert, key }
}

beforeAll(async () => {
  upstream = await recordingUpstream()
  const first = await pair('first.example')
  const certificates = [
    first,
    await pair('app.example', 'second.app-names.example', 'own.wild.example'),
    await pair('*.wild.example'),
    // A name that an earlier certificate has already stays with that one.
    await pair('last.example', 'app.example'),
  ]
  const bind = '127.0.0.1:0'
  running = await startGateway({
    listeners: {
      edge: { bind, tls: { certificates } },
      strict: { bind, tls: { certificates: [first], minVersion: 'TLSv1.3' } },
      clear: { bind },
    },
    upstreams: { app: { servers: [`http://127.0.0.1:${upstream.port}`] } },
    routes: [
      { match: { path: '/own' }, respond: { status: 200, body: 'hello' } },
      { proxy: 'app' },
    ],
  })
})

afterAll(() => {
  running.stop()
  upstream.close()
  scratch.remove()
})

async function handshake(options: ConnectionOptions = {}, listener = 'edge'): Promise<TLSSocket> {
  const port = running.port(listener)
  const socket = connect({ port, host: '127.0.0.1', rejectUnauthorized: false, ...options })
  await once(socket, 'secureConnect')
  socket.on('error', () => undefined)
  return socket
}

const get = 'GET /own HTTP/1.1\r\nHost: localhost\r\n\r\n'

/** The gateway is as well as it was. */
async function expectServed(listener = 'edge'): Promise<void> {
  const client = await RawClient.connect(running.port(listener), { tls: {} })
  client.send(get)
  expect(await client.answer()).toMatchObject({ status: 200, body: 'hello' })
  client.destroy()
}

describe('the certificate', () => {
  test.each(serverNames)(
    'for $servername is of $certificate',
    async ({ servername, certificate }) => {
      for (const maxVersion of ['TLSv1.2', 'TLSv1.3'] as const) {
        const socket = await handshake({
          maxVersion,
          ...(servername === undefined ? {} : { servername }),
        })
        const { subject } = socket.getPeerCertificate()
        const expected = certificate === 'wild' ? '*.wild.example' : `${certificate}.example`
        expect(subject.CN).toBe(expected)
        socket.destroy()
      }
    },
  )
})

describe('the version', () => {
  test.each([
    ['edge', 'TLSv1.2', 'TLSv1.2'],
    ['edge', 'TLSv1.3', 'TLSv1.3'],
    ['strict', 'TLSv1.3', 'TLSv1.3'],
  ] as const)('of listener %s: a client of %s gets %s', async (listener, maxVersion, version) => {
    const socket = await handshake({ maxVersion }, listener)
    expect(socket.getProtocol()).toBe(version)
    socket.destroy()
    await expectServed(listener)
  })

  test.each([
    ['strict', { maxVersion: 'TLSv1.2' }],
    ['edge', { minVersion: 'TLSv1', maxVersion: 'TLSv1.1', ciphers: 'DEFAULT@SECLEVEL=0' }],
    ['edge', { minVersion: 'TLSv1', maxVersion: 'TLSv1', ciphers: 'DEFAULT@SECLEVEL=0' }],
  ] as const)('of listener %s is too low for %o', async (listener, options) => {
    await expect(handshake(options, listener)).rejects.toThrow(/alert|version|protocol/i)
    await expectServed(listener)
  })

  test.each(['AES128-SHA', 'AES256-GCM-SHA384', 'ECDHE-RSA-AES128-SHA', 'ECDHE-RSA-AES256-SHA384'])(
    '1.2 has no weak ciphers: %s',
    async (ciphers) => {
      await expect(handshake({ maxVersion: 'TLSv1.2', ciphers })).rejects.toThrow(
        /alert|handshake/i,
      )
    },
  )

  test.each(['ECDHE-RSA-AES128-GCM-SHA256', 'ECDHE-RSA-CHACHA20-POLY1305'])(
    '1.2 has strong ones: %s',
    async (ciphers) => {
      const socket = await handshake({ maxVersion: 'TLSv1.2', ciphers })
      expect(socket.getCipher().name).toBe(ciphers)
      socket.destroy()
    },
  )
})

describe('renegotiation', () => {
  test.each([undefined, 'app.example'])(
    'of TLS 1.2 is refused, before a request and after a 101, with SNI %s',
    async (servername) => {
      for (const upgraded of [false, true]) {
        const socket = await handshake({
          maxVersion: 'TLSv1.2',
          ...(servername === undefined ? {} : { servername }),
        })
        const client = new RawClient(socket)
        if (upgraded) {
          client.send(upgradeHead('/ws', { Host: 'localhost' }))
          expect((await client.head()).status).toBe(101)
        }
        const refused = new Promise<Error | null>((resolve) => {
          socket.once('error', resolve)
          socket.renegotiate({ rejectUnauthorized: false }, resolve)
        })
        expect(await refused).toBeInstanceOf(Error)
        client.destroy()
        await expectServed()
      }
    },
  )
})

describe('a session', () => {
  test.each(['TLSv1.2', 'TLSv1.3'] as const)('of %s is resumed by its ticket', async (version) => {
    for (const servername of [undefined, 'app.example']) {
      const options = {
        minVersion: version,
        maxVersion: version,
        ...(servername === undefined ? {} : { servername }),
      }
      const first = await handshake(options)
      expect(first.isSessionReused()).toBe(false)
      first.write(get)
      const [session] =
        version === 'TLSv1.2' ? [first.getSession()] : ((await once(first, 'session')) as [Buffer])
      first.destroy()
      const second = await handshake({ ...options, session: session! })
      expect(second.isSessionReused()).toBe(true)
      // And serves as any other does.
      const client = new RawClient(second)
      client.send(get)
      expect(await client.answer()).toMatchObject({ status: 200, body: 'hello' })
      client.destroy()
    }
  })
})

describe('ALPN', () => {
  test.each([
    [['http/1.1'], 'http/1.1'],
    [['h2', 'http/1.1'], 'http/1.1'],
    [['http/1.1', 'h2'], 'http/1.1'],
    [['unknown', 'http/1.1'], 'http/1.1'],
    [[], false],
  ])('of %j chooses %s', async (ALPNProtocols, chosen) => {
    const socket = await handshake({ ALPNProtocols })
    expect(socket.alpnProtocol).toBe(chosen)
    socket.destroy()
  })

  test.each([[['h2']], [['http/1.0']], [['HTTP/1.1']], [['ssh', 'h3']]])(
    'of %j is refused with an alert',
    async (ALPNProtocols) => {
      await expect(handshake({ ALPNProtocols })).rejects.toThrow(/no application protocol/i)
      await expectServed()
    },
  )
})

describe('what is not TLS, on a TLS listener', () => {
  test.each([
    ['a request', get],
    ['an upgrade', upgradeHead('/ws')],
    ['an SSH banner', 'SSH-2.0-OpenSSH_9.2p1\r\n'],
    ['zeros', '\0'.repeat(64)],
    ['a PROXY header', 'PROXY TCP4 192.0.2.1 192.0.2.2 1 2\r\n'],
    ['a record of no TLS version', '\x16\x09\x09\x00\x05hello'],
    ['a ClientHello that is none', '\x16\x03\x01\x00\x05hello'],
  ])('is dropped without an answer in HTTP: %s', async (_, bytes) => {
    const before = upstream.connections.length
    const client = await RawClient.connect(running.port())
    client.send(bytes)
    expect((await client.closed()).toString('latin1')).not.toContain('HTTP')
    client.destroy()
    expect(upstream.connections).toHaveLength(before)
    await expectServed()
  })

  test('and a client that leaves inside its handshake is let go', async () => {
    for (const cut of [0, 1, 5, 20]) {
      const hello = await clientHello()
      const socket = createConnection(running.port(), '127.0.0.1')
      await once(socket, 'connect')
      socket.end(hello.subarray(0, cut))
      socket.resume()
      await once(socket, 'close')
    }
    await expectServed()
  })
})

describe('TLS on a plain listener', () => {
  test('is 400, in plain text', async () => {
    const client = await RawClient.connect(running.port('clear'))
    client.send(await clientHello())
    expect(await client.answer()).toMatchObject({ status: 400, body: 'request-malformed\n' })
    expect(await client.closed()).toHaveLength(0)
    client.destroy()
  })

  test('fails the handshake of a real client', async () => {
    await expect(handshake({}, 'clear')).rejects.toThrow()
  })
})

test('a WebSocket on TLS carries frames both ways, and says https to the upstream', async () => {
  for (const maxVersion of ['TLSv1.2', 'TLSv1.3'] as const) {
    const before = upstream.connections.length
    const client = await RawClient.connect(running.port(), { tls: { maxVersion } })
    const frame = clientFrame({ payload: 'early' })
    client.send(
      Buffer.concat([Buffer.from(upgradeHead('/ws', { Origin: 'https://localhost' })), frame]),
    )
    expect((await client.head()).status).toBe(101)
    const behind = await upstream.connection(before)
    expect(await behind.take(frame.length)).toEqual(frame)
    expect(behind.all).toMatch(/^X-Forwarded-Proto: https\r$/im)
    client.destroy()
    behind.destroy()
  }
})

/** The first flight of a real client. */
async function clientHello(): Promise<Buffer> {
  const recorder = await recordingUpstream()
  const socket = connect({ port: recorder.port, host: '127.0.0.1' }).on('error', () => undefined)
  const behind = await recorder.connection(0)
  await behind.take(100)
  const hello = Buffer.from(behind.received)
  socket.destroy()
  recorder.close()
  return Buffer.concat([Buffer.from(behind.all, 'latin1').subarray(0, 100), hello])
}
