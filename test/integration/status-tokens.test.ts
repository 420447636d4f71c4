import { readFileSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { faults } from '../../src/errors.ts'
import type { Token } from '../../src/errors.ts'
import { DnsServer } from '../support/dns-server.ts'
import { startGateway } from '../support/gateway.ts'
import type { LogLine, RunningGateway } from '../support/gateway.ts'
import { ownResolver } from '../support/own-resolver.ts'
import { RawClient, upgradeHead } from '../support/raw-client.ts'
import { acceptUpgrade, recordingUpstream } from '../support/recording-upstream.ts'
import type { RecordingUpstream, Script } from '../support/recording-upstream.ts'
import { deadPort, Scratch } from '../support/scratch.ts'

/** One row of the table: what is sent, and what becomes of it. */
interface Row {
  readonly token: Token
  readonly name: string
  readonly request: string
  readonly listener?: string
  /** Fields of the log line besides those that all have. */
  readonly line: Partial<Record<'route' | 'host' | 'method' | 'path' | 'origin', string>>
  readonly headers?: Readonly<Record<string, string>>
}

const origin = 'http://localhost'

function upgrade(
  token: Token,
  path: string,
  headers: Record<string, string | undefined> = {},
  line: Row['line'] = {},
): Row {
  return {
    token,
    name: 'an upgrade',
    request: upgradeHead(`${path}?secret=1`, { Origin: origin, ...headers }),
    line: { host: 'localhost', method: 'GET', path, origin, ...line },
  }
}

function plain(
  token: Token,
  path: string,
  lines: readonly string[] = [],
  line: Row['line'] = {},
  method = 'GET',
): Row {
  const head = [`${method} ${path}?secret=1 HTTP/1.1`, 'Host: localhost', ...lines]
  return {
    token,
    name: `a ${method}`,
    request: `${head.join('\r\n')}\r\n\r\n`,
    line: { host: 'localhost', method, path, ...line },
  }
}

/** Refused before it is known whose it is: of such a request there is only the client to tell. */
function unread(token: Token, name: string, request: string, line: Row['line'] = {}): Row {
  return { token, name, request, line }
}

/** What the log can say of a head that was refused as a whole. */
function glanced(method: string, path?: string): Row['line'] {
  return { host: 'localhost', method, ...(path !== undefined && { path }) }
}

const rows: readonly Row[] = [
  unread('request-malformed', 'no HTTP', 'nonsense\r\n\r\n'),
  unread('request-malformed', 'no Host', 'GET / HTTP/1.1\r\n\r\n', { method: 'GET', path: '/' }),
  unread(
    'request-malformed',
    'an HTTP/2.0 in text',
    'GET / HTTP/2.0\r\nHost: localhost\r\n\r\n',
    glanced('GET', '/'),
  ),
  upgrade('handshake-invalid', '/app', { 'Sec-WebSocket-Key': 'short' }, { route: 'app' }),
  upgrade('path-ambiguous', '/app/%2e%2e/x'),
  plain('path-ambiguous', '/app/%2e%2e/x'),
  upgrade(
    'subprotocol-unsupported',
    '/bridge',
    { 'Sec-WebSocket-Protocol': 'mqtt' },
    { route: 'bridge' },
  ),
  upgrade(
    'origin-denied',
    '/app',
    { Origin: 'https://evil.example' },
    { route: 'app', origin: 'https://evil.example' },
  ),
  {
    ...upgrade('address-denied', '/denied', {}, { route: 'denied' }),
    name: 'an upgrade on its route',
  },
  { ...plain('address-denied', '/denied', [], { route: 'denied' }), name: 'a GET on its route' },
  {
    ...plain('address-denied', '/app', [], { route: 'app' }),
    name: 'a GET on its listener',
    listener: 'closed',
  },
  {
    token: 'address-denied',
    name: 'OPTIONS * on its listener',
    request: 'OPTIONS * HTTP/1.1\r\nHost: localhost\r\n\r\n',
    line: { host: 'localhost', method: 'OPTIONS', path: '*' },
    listener: 'closed',
  },
  upgrade('route-missing', '/nowhere'),
  plain('route-missing', '/nowhere'),
  unread(
    'method-refused',
    'CONNECT',
    'CONNECT localhost:80 HTTP/1.1\r\nHost: localhost\r\n\r\n',
    glanced('CONNECT'),
  ),
  unread(
    'method-refused',
    'TRACE',
    'TRACE / HTTP/1.1\r\nHost: localhost\r\n\r\n',
    glanced('TRACE', '/'),
  ),
  unread('head-timeout', 'silence', ''),
  unread('head-timeout', 'half a head', 'GET / HTTP/1.1\r\nHost: local'),
  {
    ...plain('body-timeout', '/app', ['Content-Length: 9'], { route: 'app' }, 'POST'),
    name: 'half a body',
  },
  {
    ...plain('body-too-big', '/app', ['Content-Length: 11'], { route: 'app' }, 'POST'),
    name: 'a length',
  },
  unread(
    'expectation-unsupported',
    'Expect',
    'GET /app HTTP/1.1\r\nHost: localhost\r\nExpect: more\r\n\r\n',
    glanced('GET', '/app'),
  ),
  {
    ...upgrade('version-unsupported', '/app', { 'Sec-WebSocket-Version': '8' }, { route: 'app' }),
    headers: { 'sec-websocket-version': '13', upgrade: 'websocket' },
  },
  {
    ...plain('upgrade-required', '/bridge', [], { route: 'bridge' }),
    headers: { upgrade: 'websocket' },
  },
  unread(
    'head-too-big',
    '101 lines',
    `GET / HTTP/1.1\r\nHost: localhost\r\n${'a: b\r\n'.repeat(100)}\r\n`,
    glanced('GET', '/'),
  ),
  unread(
    'head-too-big',
    '17 KiB',
    `GET / HTTP/1.1\r\nHost: localhost\r\na: ${'b'.repeat(17_000)}\r\n\r\n`,
  ),
  ...(['upgrade', 'plain'] as const).flatMap((kind) => {
    const made = (token: Token, path: string): Row => {
      const line = { route: path.slice(1) }
      return kind === 'upgrade' ? upgrade(token, path, {}, line) : plain(token, path, [], line)
    }
    return [
      made('upstream-unreachable', '/dead'),
      made('upstream-unresolved', '/nameless'),
      made('upstream-tls', '/untrusted'),
      made('upstream-lost', '/lost'),
      made('upstream-invalid', '/invalid'),
      made('upstream-timeout', '/silent'),
    ]
  }),
  upgrade('upstream-handshake', '/handshake', {}, { route: 'handshake' }),
]

/**
 * Tokens of the table that have tests of their own further down or in another state of the gateway.
 */
const elsewhere: readonly Token[] = [
  ...(['client-limit', 'gateway-full', 'draining', 'internal'] as const),
  ...(['identity-limit', 'route-limit', 'upstream-unavailable'] as const),
  ...(['credentials-missing', 'credentials-invalid', 'credentials-expired'] as const),
  ...(['permission-missing', 'auth-unavailable', 'upstream-greeting'] as const),
  ...(['target-denied', 'target-unknown', 'target-unavailable'] as const),
]

const scripts: Record<string, Script> = {
  '/lost': (connection) => connection.reset(),
  '/invalid': (connection) => connection.send('SSH-2.0-OpenSSH_9.2p1\r\n\r\n'),
  '/silent': () => undefined,
  '/handshake': (connection) => connection.send('HTTP/1.1 101 Switching Protocols\r\n\r\n'),
  // Waits for the body, as servers do.
  '/app': () => undefined,
}

const scratch = new Scratch()
let upstream: RecordingUpstream
let secure: RecordingUpstream
let running: RunningGateway
/** Knows no name at all. */
let dns: DnsServer

/** A route of this name on the path of this name. */
function through(name: string, target: string): Record<string, unknown> {
  return { name, match: { host: 'localhost', path: `/${name}` }, proxy: target }
}

beforeAll(async () => {
  upstream = await recordingUpstream((connection, head) => {
    const path = /^\S+ ([^? ]*)/.exec(head.text)?.[1] ?? ''
    return (scripts[path] ?? acceptUpgrade)(connection, head)
  })
  const pair = await scratch.certificate(['localhost'])
  const text = { cert: readFileSync(pair.cert, 'utf8'), key: readFileSync(pair.key, 'utf8') }
  secure = await recordingUpstream(acceptUpgrade, text)
  const timeouts = { handshake: '200ms', response: '200ms' }
  const app = `http://127.0.0.1:${upstream.port}`
  const config = {
    listeners: {
      edge: { bind: '127.0.0.1:0' },
      closed: { bind: '127.0.0.1:0', clients: { deny: ['127.0.0.0/8'] } },
    },
    upstreams: {
      app: { servers: [app], timeouts },
      dead: { servers: [`http://127.0.0.1:${deadPort}`] },
      nameless: { servers: ['http://nobody.invalid'] },
      untrusted: { servers: [`https://127.0.0.1:${secure.port}`] },
      raw: { servers: [`tcp://127.0.0.1:${upstream.port}`] },
    },
    routes: [
      { ...through('denied', 'app'), clients: { allow: ['192.0.2.0/24'] } },
      { name: 'bridge', match: { host: 'localhost', path: '/bridge' }, bridge: 'raw' },
      ...['app', 'lost', 'invalid', 'silent', 'handshake'].map((name) => through(name, 'app')),
      {
        name: 'files',
        match: { host: 'localhost', path: '/files/*' },
        static: scratch.path,
      },
      ...['dead', 'nameless', 'untrusted'].map((name) => through(name, name)),
    ],
    limits: { body: '10B' },
    timeouts: { handshake: '300ms', stall: '150ms' },
  }
  dns = await DnsServer.start()
  running = await startGateway(config, { resolver: ownResolver(dns) })
})

afterAll(() => {
  running.stop()
  upstream.close()
  secure.close()
  dns.stop()
  scratch.remove()
})

async function refusals(gateway: RunningGateway, token: Token): Promise<number> {
  const text = await gateway.metrics.render()
  const value = new RegExp(`^drawbridge_refusals_total\\{error="${token}"\\} (\\d+)$`, 'm').exec(
    text,
  )
  return Number(value?.[1])
}

async function newLine(gateway: RunningGateway, from: number): Promise<LogLine> {
  await gateway.log.line('refused', {})
  for (;;) {
    const found = gateway.log.lines.slice(from).find(({ msg }) => msg === 'refused')
    if (found !== undefined) return found
    await new Promise((resolve) => setImmediate(resolve))
  }
}

describe.each([...new Set(rows.map(({ token }) => token))])('%s', (token) => {
  test.each(rows.filter((row) => row.token === token))('$name', async (row) => {
    const { status } = faults[token] as { status?: number }
    const before = await refusals(running, token)
    const from = running.log.lines.length
    const client = await RawClient.connect(running.port(row.listener))
    if (row.request !== '') client.send(row.request)
    const answer = await client.answer()
    expect(answer).toMatchObject({ status, body: `${token}\n` })
    expect(answer.headers.get('content-type')).toBe('text/plain; charset=utf-8')
    expect(Object.fromEntries(answer.headers)).toMatchObject(row.headers ?? {})
    const closes = 'closes' in faults[token] || row.name === 'an upgrade'
    if (closes) {
      expect(answer.headers.get('connection')).toMatch(/^close/)
      expect(await client.closed()).toHaveLength(0)
    }
    const line = await newLine(running, from)
    expect(line).toMatchObject({
      level: 'info',
      status,
      error: token,
      listener: row.listener ?? 'edge',
      client: '127.0.0.1',
      ...row.line,
    })
    expect(line['id']).toMatch(/^[\w-]+$/)
    for (const name of ['route', 'host', 'method', 'path', 'origin'] as const) {
      expect(line[name]).toBe(row.line[name])
    }
    expect(JSON.stringify(line)).not.toContain('secret')
    expect(await refusals(running, token)).toBe(before + 1)
    // A refusal is told as such, and not as a request as well.
    expect(running.log.lines.slice(from).filter(({ msg }) => msg === 'request')).toEqual([])
    client.destroy()
  })
})

test.each([
  ['a file that is not there', 'GET /files/nothing HTTP/1.1', 404, 'Not Found\n'],
  ['a method that is not for files', 'POST /files/x HTTP/1.1', 405, 'Method Not Allowed\n'],
])('what a static route answers is no refusal: %s', async (_, start, status, body) => {
  const from = running.log.lines.length
  const client = await RawClient.connect(running.port('edge'))
  client.send(`${start}\r\nHost: localhost\r\n\r\n`)
  expect(await client.answer()).toMatchObject({ status, body })
  const line = await running.log.line('request', { route: 'files', status })
  expect(line['error']).toBeUndefined()
  expect(running.log.lines.slice(from).filter(({ msg }) => msg === 'refused')).toEqual([])
  client.destroy()
})

test('every token with a status is tested here or in another file', () => {
  const withStatus = Object.entries(faults).filter(([, fault]) => 'status' in fault)
  const tested = new Set<string>([...rows.map(({ token }) => token), ...elsewhere])
  expect(withStatus.map(([token]) => token).filter((token) => !tested.has(token))).toEqual([])
})
