import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { startGateway } from '../support/gateway.ts'
import type { RunningGateway } from '../support/gateway.ts'
import { RawClient } from '../support/raw-client.ts'
import { recordingUpstream } from '../support/recording-upstream.ts'
import type { RecordingUpstream } from '../support/recording-upstream.ts'
import { Scratch } from '../support/scratch.ts'
import { handshakeBytes } from './corpus/handshake-input.ts'
import {
  foreignOrigins,
  foreignPlain,
  foreignTls,
  listedOrigins,
  samePlain,
  sameTls,
} from './corpus/origins.ts'
import type { OriginInput } from './corpus/origins.ts'

const scratch = new Scratch()
let upstream: RecordingUpstream
let running: RunningGateway

beforeAll(async () => {
  upstream = await recordingUpstream()
  const { cert, key } = await scratch.certificate(['localhost'])
  running = await startGateway({
    listeners: {
      edge: { bind: '127.0.0.1:0' },
      secure: {
        bind: '127.0.0.1:0',
        tls: { certificates: [{ cert, key }] },
      },
    },
    upstreams: { app: { servers: [`http://127.0.0.1:${upstream.port}`] } },
    routes: [
      {
        match: { host: ['known.example', '*.known.example'], path: '/named' },
        respond: { status: 200 },
      },
      {
        name: 'listed',
        match: { path: '/listed' },
        origins: [
          'https://app.example.com',
          'https://*.wild.example',
          'https://port.example:8443',
          'http://plain.example',
        ],
        proxy: 'app',
      },
      { match: { path: '/null' }, origins: 'null', proxy: 'app' },
      { match: { path: '/any' }, origins: '*', proxy: 'app' },
      { match: { path: '/any-required' }, origins: '*', requireOrigin: true, proxy: 'app' },
      { match: { path: '/required' }, requireOrigin: true, proxy: 'app' },
      { name: 'same', proxy: 'app' },
    ],
  })
})

afterAll(() => {
  running.stop()
  upstream.close()
  scratch.remove()
})

interface Sent {
  readonly path: string
  readonly listener?: 'edge' | 'secure'
  readonly more?: readonly string[]
}

/**
 * Sends an upgrade. @returns the status, and the token of a refusal, of which the upstream must not
 * learn
 */
async function outcome(
  { origins, host = 'localhost' }: OriginInput,
  { path, listener = 'edge', more = [] }: Sent,
): Promise<string> {
  const before = upstream.connections.length
  const client = await RawClient.connect(
    running.port(listener),
    listener === 'secure' ? { tls: {} } : {},
  )
  const lines = [`Host: ${host}`, ...origins.map((origin) => `Origin: ${origin}`), ...more]
  client.send(handshakeBytes({ name: '', start: `GET ${path} HTTP/1.1`, lines, status: 0 }))
  const { status, body } = await client.answer()
  if (status === 101) {
    const got = (await upstream.connection(before)).all
    // The upstream may have rules of its own, and sees what the browser said.
    for (const origin of origins) expect(got).toContain(`\r\nOrigin: ${origin}\r\n`)
  } else {
    expect(upstream.connections).toHaveLength(before)
  }
  client.destroy()
  return status === 101 ? '101' : `${status} ${body.trim()}`
}

describe('a list of origins', () => {
  test.each(listedOrigins)('takes: $name', async (input) => {
    expect(await outcome(input, { path: '/listed' })).toBe('101')
  })

  test.each(foreignOrigins)('refuses: $name', async (input) => {
    expect(await outcome(input, { path: '/listed' })).toBe('403 origin-denied')
    // On TLS too, where the Host would vouch for a page of its own name.
    expect(await outcome(input, { path: '/listed', listener: 'secure' })).toBe('403 origin-denied')
  })

  test('of two Origin lines is not asked at all', async () => {
    const evil = ['https://app.example.com', 'https://evil.example']
    for (const origins of [evil, evil.toReversed(), [evil[0]!, evil[0]!]]) {
      for (const path of ['/listed', '/any', '/']) {
        expect(await outcome({ name: '', origins }, { path })).toBe('400 request-malformed')
      }
    }
  })
})

describe('the same origin, by default', () => {
  test.each(samePlain)('takes on a plain listener: $name', async (input) => {
    expect(await outcome(input, { path: '/' })).toBe('101')
  })

  test.each(foreignPlain)('refuses on a plain listener: $name', async (input) => {
    expect(await outcome(input, { path: '/' })).toBe('403 origin-denied')
  })

  test.each(sameTls)('takes on a TLS listener: $name', async (input) => {
    expect(await outcome(input, { path: '/', listener: 'secure' })).toBe('101')
  })

  test.each(foreignTls)('refuses on a TLS listener: $name', async (input) => {
    expect(await outcome(input, { path: '/', listener: 'secure' })).toBe('403 origin-denied')
  })

  test.each([...foreignOrigins])('refuses in any case: $name', async ({ name, origins }) => {
    const host = 'other.example'
    expect(await outcome({ name, origins, host }, { path: '/' })).toBe('403 origin-denied')
    const sent = { path: '/', listener: 'secure' } as const
    expect(await outcome({ name, origins, host }, sent)).toBe('403 origin-denied')
  })

  test.each([
    'X-Forwarded-Host: evil.example',
    'X-Forwarded-Proto: https',
    'Forwarded: host=evil.example',
  ])('is not what a client says it is: %s', async (line) => {
    const input = { name: '', origins: ['https://evil.example'] }
    expect(await outcome(input, { path: '/', more: [line] })).toBe('403 origin-denied')
  })
})

describe('other rules', () => {
  test.each(['https://evil.example', 'null', '', 'nonsense', '*'])(
    '`*` takes %j',
    async (origin) => {
      expect(await outcome({ name: '', origins: [origin] }, { path: '/any' })).toBe('101')
    },
  )

  test('`null` takes null and a client without an Origin, and nothing else', async () => {
    expect(await outcome({ name: '', origins: ['null'] }, { path: '/null' })).toBe('101')
    expect(await outcome({ name: '', origins: [] }, { path: '/null' })).toBe('101')
    for (const origin of ['', 'http://localhost', 'nul', 'null, null', 'https://null']) {
      expect(await outcome({ name: '', origins: [origin] }, { path: '/null' })).toBe(
        '403 origin-denied',
      )
    }
  })

  test('requireOrigin refuses a client that sends none', async () => {
    const none = { name: '', origins: [] }
    expect(await outcome(none, { path: '/required' })).toBe('403 origin-denied')
    expect(await outcome(none, { path: '/any-required' })).toBe('403 origin-denied')
    const own = { name: '', origins: ['http://localhost'] }
    expect(await outcome(own, { path: '/required' })).toBe('101')
    expect(await outcome(own, { path: '/any-required' })).toBe('101')
  })

  test('plain requests carry an Origin for reasons of their own', async () => {
    const client = await RawClient.connect(running.port())
    client.send('GET /listed HTTP/1.1\r\nHost: localhost\r\nOrigin: https://evil.example\r\n\r\n')
    expect(await client.answer()).toMatchObject({ status: 200, body: 'ok' })
    client.destroy()
  })
})
