import { execFileSync } from 'node:child_process'
import { generateKeyPairSync } from 'node:crypto'
import { once } from 'node:events'
import { mkdir, mkdtemp, rename, rm, symlink, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { mintSelfSigned } from '../../../src/cli/mint.ts'
import { loadConfig } from '../../../src/config/load.ts'
import { problemsOf } from './config-text.ts'

let folder: string

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'drawbridge-files-'))
  const [one, two] = [await mintSelfSigned(['localhost']), await mintSelfSigned(['localhost'])]
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const locked = privateKey.export({
    type: 'pkcs8',
    format: 'pem',
    cipher: 'aes-256-cbc',
    passphrase: 'x',
  })
  const files = {
    'one.crt': one.cert,
    'one.key': one.key,
    'two.key': two.key,
    'locked.key': locked,
    'chain.crt': `a comment\n${one.cert}\n${two.cert}`,
    'broken.crt': one.cert.replace(/[A-Za-z]{8}/, 'AAAAAAAA'),
    'torn.crt': `${one.cert}\n-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n`,
    'text.txt': 'hello',
    'latin1.txt': Buffer.from('\xff', 'latin1'),
  }
  for (const [name, content] of Object.entries(files)) await writeFile(join(folder, name), content)
})

afterAll(async () => {
  await rm(folder, { recursive: true })
})

async function load(text: string) {
  await writeFile(join(folder, 'edge.yaml'), text)
  return loadConfig({ file: join(folder, 'edge.yaml'), env: {} })
}

async function complaints(text: string): Promise<string[]> {
  const lines = await problemsOf(load(text))
  return lines.map((line) => line.slice(folder.length + 1))
}

const pairs = (...written: string[]) =>
  `listeners: { edge: { bind: "127.0.0.1:0", tls: { certificates: [${written.join(', ')}] } } }\nroutes: [{ redirect: https }]\n`

test('pairs that fit are taken; their paths are absolute', async () => {
  const { config } = await load(
    pairs('{ cert: one.crt, key: one.key }', '{ cert: ./chain.crt, key: one.key }'),
  )
  expect(config.listeners['edge']!.tls).toEqual({
    certificates: [
      { cert: join(folder, 'one.crt'), key: join(folder, 'one.key') },
      { cert: join(folder, 'chain.crt'), key: join(folder, 'one.key') },
    ],
    minVersion: 'TLSv1.2',
    optional: false,
  })
})

const at = 'listeners.edge.tls.certificates[0]'
const certificate = 'expected a certificate in PEM'
const privateKey = 'expected a private key in PEM without a passphrase'

test.each([
  ['gone.crt', 'one.key', `${at}.cert: found gone.crt, which does not exist, ${certificate}`],
  ['text.txt', 'one.key', `${at}.cert: found text.txt, which holds something else, ${certificate}`],
  ['one.key', 'one.key', `${at}.cert: found one.key, which holds something else, ${certificate}`],
  ['torn.crt', 'one.key', `${at}.cert: found torn.crt, which holds something else, ${certificate}`],
  ['latin1.txt', 'one.key', `${at}.cert: found latin1.txt, which is not UTF-8, ${certificate}`],
  ['.', 'one.key', `${at}.cert: found ., which is a folder, ${certificate}`],
  [
    'one.crt',
    'gone.key',
    `${at}.key: found a value (not shown), which does not exist, ${privateKey}`,
  ],
  [
    'one.crt',
    'locked.key',
    `${at}.key: found a value (not shown), which holds something else, ${privateKey}`,
  ],
  [
    'one.crt',
    'one.crt',
    `${at}.key: found a value (not shown), which holds something else, ${privateKey}`,
  ],
  [
    'one.crt',
    'two.key',
    `${at}.key: found the key of another certificate, expected that of the cert beside it`,
  ],
])('refuses the pair %s and %s', async (cert, key, message) => {
  const [line] = await complaints(pairs(`{ cert: ${cert}, key: ${key} }`))
  expect(line?.replace(/^edge\.yaml:1:\d+: /, '')).toBe(message)
})

test('both files of a pair are told, where each of them stands', async () => {
  expect(await complaints(pairs('{ cert: a, key: b }'))).toEqual([
    `edge.yaml:1:73: ${at}.cert: found a, which does not exist, ${certificate}`,
    `edge.yaml:1:81: ${at}.key: found a value (not shown), which does not exist, ${privateKey}`,
  ])
})

const withCa = (ca: string) =>
  `listeners: { edge: { bind: "127.0.0.1:0" } }
upstreams: { app: { servers: ["https://app"], tls: { ca: ${ca}, servername: App.example } } }
routes: [{ proxy: app }]
`

test('authorities are taken from a file with one or more', async () => {
  const { config } = await load(withCa('chain.crt'))
  expect(config.upstreams['app']!.tls).toEqual({
    ca: join(folder, 'chain.crt'),
    servername: 'app.example',
    verify: true,
  })
})

test.each([
  ['gone.crt', 'which does not exist'],
  ['text.txt', 'which holds something else'],
  ['broken.crt', 'which holds something else'],
])('refuses authorities in %s', async (ca, why) => {
  expect(await complaints(withCa(ca))).toEqual([
    `edge.yaml:2:58: upstreams.app.tls.ca: found ${ca}, ${why}, expected certificates in PEM`,
  ])
})

const withOwn = (pair: string) =>
  `listeners: { edge: { bind: "127.0.0.1:0" } }\nupstreams: { app: { servers: ["https://app"], tls: { ${pair} } } }\nroutes: [{ proxy: app }]\n`

test('the certificate shown to upstreams has absolute paths', async () => {
  const { config } = await load(withOwn('cert: one.crt, key: one.key'))
  expect(config.upstreams['app']!.tls).toEqual({
    verify: true,
    certificate: { cert: join(folder, 'one.crt'), key: join(folder, 'one.key') },
  })
})

test.each([
  [
    'cert: one.crt, key: two.key',
    'key: found the key of another certificate, expected that of the cert beside it',
  ],
  [
    'cert: text.txt, key: one.key',
    'cert: found text.txt, which holds something else, expected a certificate in PEM',
  ],
  ['cert: one.crt', 'cert: found it without key, expected key beside it'],
  ['key: one.key', 'key: found it without cert, expected cert beside it'],
])('refuses for upstreams: %s', async (pair, why) => {
  expect((await complaints(withOwn(pair))).map((line) => line.replace(/^.*? /, ''))).toEqual([
    `upstreams.app.tls.${why}`,
  ])
})

test('looks at the files of a bridge to targets too', async () => {
  const bridge = `bridge: { targets: { from: "query:token", lookup: direct, allow: ["10.0.0.1"] }, tls: { ca: gone.crt, cert: one.crt } }`
  const text = `listeners: { edge: { bind: "127.0.0.1:0" } }\nroutes: [{ ${bridge} }]\n`
  expect((await complaints(text)).map((line) => line.replace(/^.*? /, ''))).toEqual([
    'routes[0].bridge.tls.ca: found gone.crt, which does not exist, expected certificates in PEM',
    'routes[0].bridge.tls.cert: found it without key, expected key beside it',
  ])
})

const withStatic = (path: string) =>
  `listeners: { edge: { bind: "127.0.0.1:0" } }\nroutes: [{ static: ${path} }]\n`

test('a static route names a folder', async () => {
  const { config } = await load(withStatic('.'))
  expect(config.routes[0]!.action).toEqual({ kind: 'static', directory: folder })
  expect(await complaints(withStatic('pages'))).toEqual([
    'edge.yaml:2:20: routes[0].static: found pages, which does not exist, expected a folder',
  ])
  expect(await complaints(withStatic('text.txt'))).toEqual([
    'edge.yaml:2:20: routes[0].static: found text.txt, which is a file, expected a folder',
  ])
})

test('a reference to a file is relative to the folder too', async () => {
  const { config } = await load(
    'listeners: { edge: { bind: "127.0.0.1:0" } }\nroutes: [{ respond: { status: 200, body: "${file:text.txt}!" } }]\n',
  )
  expect(config.routes[0]!.action).toMatchObject({ body: 'hello!' })
  const missing =
    'listeners: { edge: { bind: "127.0.0.1:0" } }\nroutes: [{ static: "${file:gone}" }]\n'
  expect(await complaints(missing)).toEqual([
    'edge.yaml:2:20: routes[0].static: found ${file:gone}, which does not exist, expected a readable text file',
  ])
})

describe('what is no regular file', () => {
  const socket = createServer()

  beforeAll(async () => {
    execFileSync('mkfifo', [join(folder, 'pipe')])
    await symlink('/dev/null', join(folder, 'device'))
    socket.listen(join(folder, 'socket'))
    await once(socket, 'listening')
  })

  afterAll(() => void socket.close())

  const rest = 'routes: [{ redirect: https }]\n'
  const authenticator = (written: string) => `authenticators: { a: { ${written} } }\n${open}${rest}`
  const open = 'listeners: { edge: { bind: "127.0.0.1:0" } }\n'
  const targets = `bridge: { targets: { from: "query:t", lookup: { file: FILE }, allow: ["10.0.0.1"] } }`

  test.each([
    ['a certificate', pairs('{ cert: FILE, key: one.key }')],
    ['a key', pairs('{ cert: one.crt, key: FILE }')],
    ['authorities', withCa('FILE')],
    ['passwords', authenticator('basic: { htpasswd: FILE }')],
    ['API keys', authenticator('apiKey: { keys: FILE }')],
    ['a public key', authenticator('jwt: { issuer: "https://i", audience: a, publicKey: FILE }')],
    ['a key set', authenticator('jwt: { issuer: "https://i", audience: a, jwks: FILE }')],
    ['a value', `${open}routes: [{ respond: { status: 200, body: "\${file:FILE}" } }]\n`],
    ['tokens', `${open}routes: [{ ${targets} }]\n`],
    ['pages', withStatic('FILE')],
  ])('is refused as %s, without being opened', async (_, text) => {
    for (const kind of ['pipe', 'socket', 'device']) {
      const lines = await complaints(text.replace('FILE', kind))
      expect(lines).toEqual([expect.stringContaining(`, which is a ${kind}, expected `)])
      expect(lines[0]).toMatch(/^edge\.yaml:\d+:\d+: /)
    }
  })
})

test('a file behind links is one, as every secret is that Kubernetes mounts', async () => {
  await mkdir(join(folder, '..2026'))
  await rename(join(folder, 'two.key'), join(folder, '..2026', 'tls.key'))
  await symlink('..2026', join(folder, '..data'))
  await symlink('..data/tls.key', join(folder, 'two.key'))
  expect(await complaints(pairs('{ cert: one.crt, key: two.key }'))).toEqual([
    expect.stringContaining('found the key of another certificate'),
  ])
})

test('the configuration itself may come through a pipe', async () => {
  const file = join(folder, 'edge.pipe')
  execFileSync('mkfifo', [file])
  const loaded = loadConfig({ file, env: {} })
  await writeFile(file, withCa('chain.crt'))
  expect((await loaded).config.upstreams['app']?.tls?.ca).toBe(join(folder, 'chain.crt'))
})
