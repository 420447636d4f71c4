import { rmSync } from 'node:fs'
import { connect } from 'node:tls'
import type { ConnectionOptions, TLSSocket } from 'node:tls'
import { afterAll, afterEach, describe, expect, test } from 'vitest'
import type { GatewayError } from '../../../src/errors.ts'
import { readClientAuthority } from '../../../src/listener/client-certificate.ts'
import { Listener } from '../../../src/listener/listener.ts'
import { TlsContexts } from '../../../src/listener/tls-context.ts'
import type { CertificatePair } from '../../../src/listener/tls-context.ts'
import type { Peer } from '../../../src/peer.ts'
import { mintPair } from '../../support/certs.ts'
import { TestAuthority } from '../../support/client-certs.ts'
import type { Pair } from '../../support/client-certs.ts'
import { Scratch } from '../../support/scratch.ts'

const scratch = new Scratch()
afterAll(() => scratch.remove())

const devices = new TestAuthority('devices')
const others = new TestAuthority('others')
const pairs: CertificatePair[] = [
  { ...(await mintPair(['localhost'])), source: 'localhost' },
  { ...(await mintPair(['other.example'])), source: 'other.example' },
]
const device = devices.issue({
  subject: [
    ['O', 'Example, Inc'],
    ['CN', 'device-7'],
  ],
  names: [
    { type: 2, value: 'Device-7.example' },
    { type: 6, value: 'spiffe://example/device/7' },
  ],
})
const stranger = others.issue({ subject: [['CN', 'device-7']] })
const hourMs = 3_600_000
const refused: readonly (readonly [string, Pair, string])[] = [
  ['another authority', stranger, 'UNABLE_TO_GET_ISSUER_CERT_LOCALLY'],
  [
    'expired',
    devices.issue({ subject: [['CN', 'device-7']], from: -2 * hourMs, until: -hourMs }),
    'CERT_HAS_EXPIRED',
  ],
  [
    'not valid yet',
    devices.issue({ subject: [['CN', 'device-7']], from: hourMs, until: 2 * hourMs }),
    'CERT_NOT_YET_VALID',
  ],
  [
    'for servers only',
    devices.issue({ subject: [['CN', 'device-7']], usage: 'serverAuth' }),
    'INVALID_PURPOSE',
  ],
  [
    'signed by itself',
    new TestAuthority('device-7').issue({ subject: [['CN', 'device-7']] }),
    'DEPTH_ZERO_SELF_SIGNED_CERT',
  ],
]

const cleanup: (() => void)[] = []
afterEach(() => {
  for (const undo of cleanup.splice(0)) undo()
})

interface Running {
  readonly listener: Listener
  readonly port: number
  /** What was told of connections that came to nothing. */
  readonly told: GatewayError[]
  readonly peers: Peer[]
}

const contextsOf = (authority: TestAuthority | undefined, required = false): TlsContexts =>
  new TlsContexts(pairs, 'TLSv1.2', authority && { certificates: [authority.cert], required })

async function listening(contexts: TlsContexts): Promise<Running> {
  const told: GatewayError[] = []
  const peers: Peer[] = []
  const listener = new Listener(
    {
      name: 'edge',
      bind: { kind: 'tcp', host: '127.0.0.1', port: 0 },
      timeouts: { handshake: 10_000, keepAlive: 10_000 },
      earlyBytes: 65_536,
      admit: () => ({ release: () => undefined, refusal: undefined, reset: false }),
      serve: ({ connection, response }) => {
        peers.push(connection.peer)
        response.shouldKeepAlive = false
        response.end('served')
      },
      failed: () => undefined,
      stalled: (_name, _peer, error) => told.push(error),
      acceptFailed: () => undefined,
      tlsFailed: () => undefined,
    },
    contexts,
  )
  cleanup.push(() => listener.destroy())
  const { port = 0 } = await listener.start()
  return { listener, port, told, peers }
}

interface Visit {
  readonly answer: string
  readonly reused: boolean
  readonly session: Buffer | undefined
}

/** One request on a connection of its own, to its end. */
async function visit(port: number, options: ConnectionOptions = {}): Promise<Visit> {
  const socket: TLSSocket = connect({
    port,
    host: '127.0.0.1',
    servername: 'localhost',
    rejectUnauthorized: false,
    ...options,
  })
  let answer = ''
  let session: Buffer | undefined
  let reused = false
  socket.on('session', (ticket) => (session = ticket))
  socket.on('data', (chunk: Buffer) => (answer += chunk.toString('latin1')))
  socket.on('error', () => undefined)
  socket.once('secureConnect', () => {
    reused = socket.isSessionReused()
    socket.write('GET / HTTP/1.1\r\nHost: localhost\r\n\r\n')
  })
  await new Promise<void>((closed) => {
    socket.once('close', () => closed())
  })
  return { answer, reused, session }
}

describe('a certificate that is asked for', () => {
  test('stands with the peer where the authority vouches for it', async () => {
    const { port, peers } = await listening(contextsOf(devices))
    const { answer } = await visit(port, device)
    expect(answer).toContain('served')
    expect(peers[0]?.certificate).toEqual({
      subject: 'CN=device-7,O=Example\\, Inc',
      sans: ['DNS:device-7.example', 'URI:spiffe://example/device/7'],
      serial: expect.stringMatching(/^40[0-9A-F]{30}$/),
      fingerprint256: expect.stringMatching(/^(?:[0-9A-F]{2}:){31}[0-9A-F]{2}$/),
      expiresAt: expect.any(Number),
    })
    expect(peers[0]!.certificate!.expiresAt).toBeGreaterThan(Date.now())
  })

  test('may be left out', async () => {
    const { port, peers, told } = await listening(contextsOf(devices))
    expect((await visit(port)).answer).toContain('served')
    expect(peers[0]).not.toHaveProperty('certificate')
    expect(told).toEqual([])
  })

  test.each(refused)('counts for nothing: %s', async (_, pair) => {
    const { port, peers } = await listening(contextsOf(devices))
    expect((await visit(port, pair)).answer).toContain('served')
    expect(peers[0]).not.toHaveProperty('certificate')
  })

  test('counts on every name that the listener serves', async () => {
    const { port, peers } = await listening(contextsOf(devices))
    await visit(port, { ...device, servername: 'other.example' })
    await visit(port, { ...stranger, servername: 'other.example' })
    expect(peers.map(({ certificate }) => certificate !== undefined)).toEqual([true, false])
  })

  test('is good by an intermediate authority that is named alone', async () => {
    const root = new TestAuthority('root')
    const middle = new TestAuthority('middle', root)
    const { port, peers } = await listening(contextsOf(middle))
    await visit(port, middle.issue({ subject: [['CN', 'a']] }))
    await visit(port, root.issue({ subject: [['CN', 'b']] }))
    expect(peers.map(({ certificate }) => certificate?.subject)).toEqual(['CN=a', undefined])
  })

  test('is not asked for where no authority is named', async () => {
    const { port, peers } = await listening(contextsOf(undefined))
    await visit(port, device)
    expect(peers[0]).not.toHaveProperty('certificate')
  })
})

describe('a certificate that is required', () => {
  test('lets in who has it', async () => {
    const { port, peers } = await listening(contextsOf(devices, true))
    expect((await visit(port, device)).answer).toContain('served')
    expect(peers[0]?.certificate?.subject).toContain('CN=device-7')
  })

  test.each(['TLSv1.2', 'TLSv1.3'] as const)(
    'turns away who has none, with %s',
    async (version) => {
      const { port, peers, told } = await listening(contextsOf(devices, true))
      const { answer } = await visit(port, { minVersion: version, maxVersion: version })
      expect(answer).toBe('')
      expect(peers).toEqual([])
      expect(told).toEqual([expect.objectContaining({ token: 'credentials-missing' })])
    },
  )

  test.each(refused)('turns away: %s', async (_, pair, reason) => {
    const { port, peers, told } = await listening(contextsOf(devices, true))
    expect((await visit(port, pair)).answer).toBe('')
    expect(peers).toEqual([])
    expect(told).toEqual([
      expect.objectContaining({
        token: 'credentials-invalid',
        message: `client certificate: ${reason}`,
      }),
    ])
  })
})

describe.each(['TLSv1.2', 'TLSv1.3'] as const)('a session resumed, with %s', (version) => {
  const versions = { minVersion: version, maxVersion: version }

  test('proves what it proved before', async () => {
    const { port, peers } = await listening(contextsOf(devices))
    const { session } = await visit(port, { ...versions, ...device })
    const again = await visit(port, { ...versions, session: session! })
    expect(again).toMatchObject({ reused: true, answer: expect.stringContaining('served') })
    expect(peers[1]?.certificate).toEqual(peers[0]?.certificate)
    expect(peers[1]?.certificate).toBeDefined()
  })

  test.each([
    ['without a certificate', {}],
    ['with one that nobody vouches for', stranger],
  ])('proves nothing where it began %s', async (_, pair) => {
    const { port, peers } = await listening(contextsOf(devices))
    const { session } = await visit(port, { ...versions, ...pair })
    const again = await visit(port, { ...versions, session: session! })
    expect(again).toMatchObject({ reused: true, answer: expect.stringContaining('served') })
    expect(peers).toHaveLength(2)
    for (const peer of peers) expect(peer).not.toHaveProperty('certificate')
  })

  test('is not resumed across a change of the authorities', async () => {
    const { listener, port, peers } = await listening(contextsOf(devices))
    const { session } = await visit(port, { ...versions, ...device })
    listener.replaceTls(contextsOf(others))
    const again = await visit(port, { ...versions, session: session! })
    expect(again).toMatchObject({ reused: false, answer: expect.stringContaining('served') })
    expect(peers[1]).not.toHaveProperty('certificate')
  })

  test('does not come around an authority that has become required', async () => {
    const { listener, port, peers } = await listening(contextsOf(devices))
    const { session } = await visit(port, versions)
    listener.replaceTls(contextsOf(devices, true))
    expect((await visit(port, { ...versions, session: session! })).answer).toBe('')
    expect(peers).toHaveLength(1)
  })
})

describe('the file of authorities', () => {
  test('may hold several', async () => {
    const ca = scratch.write('both.crt', `# ours\n${devices.cert}\n${others.cert}`)
    const { certificates, required } = await readClientAuthority({ ca, required: true })
    expect({ count: certificates.length, required }).toEqual({ count: 2, required: true })
  })

  const [begin, end] = ['-----BEGIN CERTIFICATE-----', '-----END CERTIFICATE-----']
  test.each([
    ['nothing', '', 'is not a list of PEM certificates'],
    ['text', 'devices', 'is not a list of PEM certificates'],
    ['a key', device.key, 'is not a list of PEM certificates'],
    ['a block that is cut off', devices.cert.slice(0, -40), 'is not a list of PEM certificates'],
    [
      'one whole and one cut off',
      `${devices.cert}${others.cert.slice(0, 300)}`,
      'is not a list of PEM certificates',
    ],
    [
      'no certificate in the block',
      `${begin}\nAAAA\n${end}`,
      'holds a certificate that cannot be read',
    ],
    ['one good, one garbage', `${devices.cert}${begin}\nAAAA\n${end}`, 'holds a certificate that'],
  ])('is refused with %s', async (_, content, problem) => {
    const ca = scratch.write('bad.crt', content)
    await expect(readClientAuthority({ ca, required: false })).rejects.toThrow(`${ca}: ${problem}`)
  })

  test('has to be there', async () => {
    const ca = scratch.write('gone.crt', '')
    rmSync(ca)
    const reading = readClientAuthority({ ca, required: false })
    await expect(reading).rejects.toThrow(`${ca}: does not exist`)
  })
})
