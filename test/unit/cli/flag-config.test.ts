import { expect, test } from 'vitest'
import { configOfFlags, errorOfFlags } from '../../../src/cli/flag-config.ts'
import { readFlags } from '../../../src/cli/flags.ts'
import { serveFlags } from '../../../src/cli/serve-flags.ts'
import { UsageError } from '../../../src/cli/usage-error.ts'
import { configFromObject } from '../../../src/config/load.ts'
import { ConfigError } from '../../../src/config/problem.ts'

const flagsOf = (typed: Record<string, unknown>) => readFlags(serveFlags, typed, {})
const configOf = (typed: Record<string, unknown>) => configOfFlags(flagsOf(typed))

test('an HTTP server is proxied, on 8080, under the names edge and main', async () => {
  const input = configOf({ to: 'http://127.0.0.1:3000' })
  expect(input).toMatchObject({
    listeners: { edge: { bind: '0.0.0.0:8080' } },
    upstreams: { main: { servers: ['http://127.0.0.1:3000'] } },
    routes: [{ name: 'main', proxy: 'main' }],
  })
  const { config } = await configFromObject(input, { folder: '.' })
  expect(config.routes[0]).toMatchObject({ name: 'main', action: { kind: 'proxy' } })
})

test.each([
  ['http://127.0.0.1:3000', {}, 'proxy'],
  ['ws://127.0.0.1:3000/', {}, 'proxy'],
  ['https://app.example', {}, 'proxy'],
  ['unix:/run/app.sock', {}, 'proxy'],
  ['unix:/run/app.sock', { bridge: true }, 'bridge'],
  ['tcp://127.0.0.1:5900', {}, 'bridge'],
  ['tls://db.example:5432', { bridge: true }, 'bridge'],
])('%s with %j is a %s', async (to, more, kind) => {
  const { config } = await configFromObject(configOf({ to, ...more }), { folder: '.' })
  expect(config.routes[0]!.action.kind).toBe(kind)
})

test.each([
  ['https://app.example', false],
  ['wss://app.example', false],
  ['https://192.0.2.1', undefined],
  ['https://[2001:db8::1]:8443', undefined],
  ['http://app.example', undefined],
])('%s: preserveHost is %s', (to, preserveHost) => {
  expect(configOf({ to })['upstreams']).toEqual({
    main: { servers: [to], ...(preserveHost === false && { preserveHost }) },
  })
})

test.each([
  [{ 'tls-self-signed': true }, '0.0.0.0:8443'],
  [{ 'tls-cert': 'a.crt', 'tls-key': 'a.key' }, '0.0.0.0:8443'],
  [{ 'tls-self-signed': true, listen: '[::]:443' }, '[::]:443'],
  [{ 'tls-self-signed': false }, '0.0.0.0:8080'],
])('with %j it listens on %s', (typed, bind) => {
  const input = configOf({ to: 'tcp://127.0.0.1:1', ...typed })
  expect(input['listeners']).toMatchObject({ edge: { bind } })
})

test('pages stand beside the bridge, which is at /websockify', () => {
  const input = configOf({
    to: 'tcp://127.0.0.1:5900',
    web: './novnc',
    origin: ['https://a.example'],
  })
  expect(input['routes']).toEqual([
    {
      name: 'main',
      match: { path: '/websockify' },
      origins: ['https://a.example'],
      bridge: 'main',
    },
    { name: 'web', match: { path: '/*' }, static: './novnc' },
  ])
})

test.each([
  [{ to: 'ftp://a' }, '--to: expected a URL'],
  [{ to: 'http://a/path' }, '--to: expected a URL without a path'],
  [{ to: 'tcp://a' }, '--to: expected a URL'],
  [{ to: 'http://a:1', bridge: true }, '--bridge: an HTTP server is proxied'],
  [{ to: 'http://a:1', web: '.' }, '--web: is for pages beside a bridge'],
  [{ to: 'http://a:1', 'tls-cert': 'a.crt' }, '--tls-cert: needs --tls-key too'],
  [{ to: 'http://a:1', 'tls-key': 'a.key' }, '--tls-key: needs --tls-cert too'],
  [
    { to: 'http://a:1', 'tls-cert': 'a.crt', 'tls-key': 'a.key', 'tls-self-signed': true },
    '--tls-self-signed: there is a certificate',
  ],
])('refuses %j', (typed, message) => {
  expect(() => configOf(typed)).toThrow(UsageError)
  expect(() => configOf(typed)).toThrow(message)
})

/** What the user is told of a configuration that flags stand for. */
async function refusal(typed: Record<string, unknown>): Promise<Error> {
  const flags = flagsOf({ to: 'tcp://127.0.0.1:1', ...typed })
  const error: unknown = await configFromObject(configOfFlags(flags), { folder: '.' }).catch(
    (thrown: unknown) => thrown,
  )
  expect(error).toBeInstanceOf(ConfigError)
  return error instanceof ConfigError ? errorOfFlags(error, flags.sources) : new Error('none')
}

test.each([
  [{ listen: 'nonsense' }, /^--listen: found "?nonsense"?, expected /],
  [{ origin: ['a.example'] }, /^--origin: found "?a\.example"?, expected /],
  [{ monitor: '9900' }, /^--monitor: found "?9900"?, expected /],
])('a mistake in %j is told by the name of its flag', async (typed, message) => {
  const error = await refusal(typed)
  expect(error).toBeInstanceOf(UsageError)
  expect(error.message).toMatch(message)
})

test.each([
  [{ 'tls-cert': 'missing.crt', 'tls-key': 'missing.key' }, /^--tls-cert: /],
  [{ web: './missing' }, /^--web: /],
])('a file that is missing is no usage error: %j', async (typed, message) => {
  const error = await refusal(typed)
  expect(error).toBeInstanceOf(ConfigError)
  expect(error.message).toMatch(message)
})
