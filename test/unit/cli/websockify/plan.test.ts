import { expect, test } from 'vitest'
import { UsageError } from '../../../../src/cli/usage-error.ts'
import { parseCommandLine } from '../../../../src/cli/websockify/command-line.ts'
import { planOf } from '../../../../src/cli/websockify/plan.ts'
import type { Plan, Surroundings } from '../../../../src/cli/websockify/plan.ts'
import { shownConfig } from '../../../../src/cli/websockify/shown-config.ts'

interface Around extends Partial<Surroundings> {
  readonly files?: readonly string[]
}

function plan(argv: readonly string[], { files = [], ...around }: Around = {}): Plan {
  return planOf(parseCommandLine(argv, {}), {
    exists: (path) => files.includes(path),
    htpasswd: 'htpasswd',
    origins: undefined,
    ...around,
  })
}

const split = (text: string): string[] => text.split(' ')

test('a port and a target', () => {
  const { config, warnings } = plan(['6080', 'localhost:5900'])
  expect(config).toEqual({
    listeners: { edge: { bind: '0.0.0.0:6080' } },
    upstreams: { target: { servers: ['tcp://localhost:5900'] } },
    routes: [{ name: 'bridge', origins: ['*'], bridge: 'target' }],
  })
  expect(warnings).toEqual([
    '--origin: not given: pages of every origin may connect, as with websockify',
  ])
})

test.each([
  ['6080', [], '0.0.0.0:6080'],
  [':6080', [], '0.0.0.0:6080'],
  ['6080', ['-6'], '[::]:6080'],
  ['127.0.0.1:6080', ['-6'], '127.0.0.1:6080'],
  ['[::1]:6080', [], '[::1]:6080'],
  ['::1:6080', [], '[::1]:6080'],
  ['localhost:6080', [], 'localhost:6080'],
])('%s with %j listens on %s', (written, more, bind) => {
  const { config } = plan([written, 'a:1', ...more])
  expect(config['listeners']).toEqual({ edge: { bind } })
})

test.each([
  ['vnc.internal:5900', [], { servers: ['tcp://vnc.internal:5900'] }],
  ['[2001:db8::1]:22', [], { servers: ['tcp://[2001:db8::1]:22'] }],
  ['2001:db8::1:22', [], { servers: ['tcp://[2001:db8::1]:22'] }],
  ['a:1', ['--ssl-target'], { servers: ['tls://a:1'], tls: { verify: false } }],
])('%s with %j leads to %j', (written, more, target) => {
  expect(plan(['1', written, ...more]).config['upstreams']).toEqual({ target })
})

test('sockets on both sides need no arguments', () => {
  const { config, socketMode } = plan(split('--unix-listen /run/a --unix-target /run/b'))
  expect(config['listeners']).toEqual({ edge: { bind: 'unix:/run/a' } })
  expect(config['upstreams']).toEqual({ target: { servers: ['unix:/run/b'] } })
  expect(socketMode).toBe(0o600)
  const mode = split('--unix-listen /run/a --unix-listen-mode 0660 a:1')
  expect(plan(mode).socketMode).toBe(0o660)
})

const pair = { certificates: [{ cert: 'c', key: 'c' }] }

test.each<[string, string[], unknown]>([
  ['--cert c', ['c'], { ...pair, optional: true }],
  ['--cert c --key k', ['c', 'k'], { certificates: [{ cert: 'c', key: 'k' }], optional: true }],
  ['--cert c --ssl-only', ['c'], pair],
  ['--cert c --ssl-only --ssl-version tlsv1_3', ['c'], { ...pair, minVersion: 'TLSv1.3' }],
  ['--cert c --ssl-only --ssl-version tlsv1_1', ['c'], pair],
  ['-v', ['self.pem'], { certificates: [{ cert: 'self.pem', key: 'self.pem' }], optional: true }],
  ['-v', [], undefined],
  [
    '--cert c --verify-client --cafile ca',
    ['c'],
    { ...pair, clientCertificate: { ca: 'ca', required: true } },
  ],
  [
    '--cert c --verify-client',
    ['c', '/etc/ssl/cert.pem'],
    { ...pair, clientCertificate: { ca: '/etc/ssl/cert.pem', required: true } },
  ],
])('TLS of %s where there are %j', (options, files, tls) => {
  const { config } = plan(['6080', 'a:1', ...split(options)], { files })
  expect(config['listeners']).toEqual({ edge: { bind: '0.0.0.0:6080', ...(tls ? { tls } : {}) } })
})

test('pages beside the bridge, which is at every path', () => {
  const { config } = plan(split('6080 a:1 --web dir --heartbeat 20 --run-once'))
  expect(config['routes']).toEqual([
    {
      name: 'bridge',
      match: { websocket: true },
      origins: ['*'],
      bridge: 'target',
      limits: { sessions: 1 },
      timeouts: { ping: '20s' },
    },
    { name: 'web', match: { websocket: false }, static: 'dir' },
  ])
})

test.each<[string, Record<string, unknown>, readonly string[] | undefined]>([
  ['6080 a:1', { origins: ['*'] }, undefined],
  ['6080 a:1', { origins: ['https://a.example'] }, ['https://a.example']],
  [
    '6080 a:1 --auth-plugin BasicHTTPAuth --auth-source u:p',
    { auth: 'login', requireOrigin: false },
    undefined,
  ],
  ['6080 a:1 --cert c --verify-client --cafile ca', { requireOrigin: false }, undefined],
])('whose pages may connect: %s', (line, expected, origins) => {
  const { config } = plan(split(line), { origins, files: ['c'] })
  expect(config['routes']).toEqual([{ name: 'bridge', bridge: 'target', ...expected }])
})

test('ExpectOrigin: those origins, and nobody without one', () => {
  const source = 'https://a.example http://b.example:8080'
  const { config } = plan([...split('1 a:1 --auth-plugin ExpectOrigin --auth-source'), source])
  expect(config['routes']).toMatchObject([
    { origins: ['https://a.example', 'http://b.example:8080'], requireOrigin: true },
  ])
})

test('a common name stands for itself, whatever is in it', () => {
  const line = split('1 a:1 --cert c --verify-client --cafile ca --auth-plugin ClientCertCNAuth')
  const { config } = plan([...line, '--auth-source', 'jane@example.com  a,b* '], { files: ['c'] })
  expect(config['authenticators']).toEqual({
    login: { certificate: { subjects: ['CN=jane@example.com', String.raw`CN=a\,b\2A`] } },
  })
})

const targets = (line: string): unknown => {
  const { config } = plan(split(line))
  const [route] = config['routes'] as { bridge: { targets: unknown } }[]
  return route!.bridge.targets
}

test.each<[string, Record<string, unknown>]>([
  ['--token-plugin TokenFile --token-source f', { lookup: { file: 'f' } }],
  ['--token-plugin ReadOnlyTokenFile --token-source f', { lookup: { file: 'f' } }],
  ['--token-plugin websockify.token_plugins.TokenFile --token-source f', { lookup: { file: 'f' } }],
  ['--target-config f', { lookup: { file: 'f' } }],
  ['--target-config f --host-token', { lookup: { file: 'f' }, from: 'host' }],
  ['--token-plugin TokenRedis --token-source r', { lookup: { redis: { host: 'r' } } }],
  [
    '--token-plugin TokenRedis --token-source r:7:2:"a:b":ns',
    { lookup: { redis: { host: 'r', port: 7, db: 2, password: 'a:b', namespace: 'ns' } } },
  ],
  [
    '--token-plugin TokenRedis --token-source r:::pw',
    { lookup: { redis: { host: 'r', password: 'pw' } } },
  ],
  [
    '--token-plugin JSONTokenApi --token-source http://t/%s/x%%20y',
    { lookup: { http: { url: 'http://t/{token}/x%20y' } } },
  ],
])('%s', (line, expected) => {
  expect(targets(`6080 ${line}`)).toEqual({
    from: 'query:token',
    allow: expect.arrayContaining(['0.0.0.0/0', '127.0.0.0/8']),
    ...expected,
  })
})

test('a token that is signed is a login, and says itself where it leads', () => {
  const { config } = plan(split('6080 --token-plugin JWTTokenApi --token-source key.pem'))
  expect(config).toMatchObject({
    authenticators: { token: { jwt: { publicKey: 'key.pem', from: ['query:token'] } } },
    routes: [{ auth: 'token', bridge: { targets: { from: 'identity:claims', lookup: 'claims' } } }],
  })
})

test.each([
  ['', 'say where to listen: [HOST:]PORT'],
  ['6080', 'say where it leads: HOST:PORT'],
  ['6080 a:1 b', 'b: is one argument too many'],
  ['host a:1', 'host: expected where to listen, [HOST:]PORT'],
  ['70000 a:1', '70000: expected where to listen, [HOST:]PORT'],
  ['6080 5900', '5900: expected where it leads, HOST:PORT'],
  ['6080 a:0', 'a:0: expected where it leads, HOST:PORT'],
  ['6080 a:1 --cert c', '--cert: c is not there'],
  ['6080 a:1 --ssl-only', '--ssl-only: needs a certificate: --cert FILE'],
  ['6080 a:1 --verify-client', '--verify-client: needs a certificate: --cert FILE'],
  ['6080 a:1 --token-source f', '--token-source: needs --token-plugin'],
  ['6080 a:1 --host-token', '--host-token: needs --token-plugin or --target-config'],
  ['6080 a:1 --auth-source f', '--auth-source: needs --auth-plugin'],
  ['6080 a:1 --web d --web-auth', '--web-auth: needs --auth-plugin'],
  ['6080 a:1 --auth-plugin ExpectOrigin --web-auth', '--web-auth: needs --web'],
  ['6080 a:1 --auth-plugin ExpectOrigin', '--auth-source: expected at least one origin'],
  ['6080 a:1 --auth-plugin ExpectOrigin --auth-source *', '--auth-source: * is not an origin'],
  ['6080 a:1 --auth-plugin BasicHTTPAuth --auth-source x', '--auth-source: expected USER:PASSWORD'],
  [
    '6080 a:1 --auth-plugin ClientCertCNAuth',
    '--auth-plugin: ClientCertCNAuth needs --verify-client',
  ],
  ['6080 a:1 --auth-plugin my.Class', '--auth-plugin: my.Class: no Python is run; '],
  ['6080 --token-plugin my.Class --token-source x', '--token-plugin: my.Class: no Python is run; '],
  ['6080 --token-plugin TokenFile', '--token-plugin: needs --token-source'],
  ['6080 --token-plugin BaseTokenAPI --token-source x', '--token-plugin: BaseTokenAPI: answers in'],
  ['6080 --token-plugin JSONTokenApi --token-source http://x', '--token-source: expected a URL'],
  ['6080 --target-config f --unix-target s', '--unix-target: cannot go with a token plugin'],
  ['6080 --record f a:1', '--record: sessions are not recorded; '],
  ['--inetd a:1', '--inetd: no socket is taken over; '],
  ['6080 --wrap-mode ignore -- vncserver :1', '--: programs are not started; '],
  ['--unix-listen s a:1 --unix-listen-mode 9', '--unix-listen-mode: found "9", expected a mode'],
])('refuses: %s', (line, message) => {
  const refused = (): unknown => plan(line === '' ? [] : split(line))
  expect(refused).toThrow(UsageError)
  expect(refused).toThrow(message)
})

test.each([
  ['--traffic', '--traffic: ignored: frames are not traced'],
  ['--libserver', '--libserver: ignored: there is one engine'],
  ['--syslog /dev/log', '--syslog: ignored: the log goes to stdout'],
  ['--ssl-ciphers HIGH', '--ssl-ciphers: ignored: the ciphers are fixed'],
  ['--ssl-target', '--ssl-target: the certificate of the target is not checked'],
])('%s is left out with a warning', (options, warning) => {
  const { warnings } = plan(split(`6080 a:1 ${options}`))
  expect(warnings).toContainEqual(expect.stringContaining(warning))
})

test('what is shown holds no secret', () => {
  const redis = plan(split('6080 --token-plugin TokenRedis --token-source r:6379:0:hush'))
  expect(shownConfig(redis.config)).toContain('password: ${REDIS_PASSWORD}')
  const api = 'https://t/x?key=hush&token=%s'
  const http = plan(split(`6080 --token-plugin JSONTokenApi --token-source ${api}`))
  expect(shownConfig(http.config)).toContain('https://t/x?key=[redacted]&token={token}')
  const basic = plan(split('6080 a:1 --auth-plugin BasicHTTPAuth --auth-source joe:hush'))
  expect(basic.password).toEqual({ name: 'joe', password: 'hush' })
  for (const { config, warnings } of [redis, http, basic]) {
    expect(shownConfig(config) + warnings.join()).not.toContain('hush')
  }
})
