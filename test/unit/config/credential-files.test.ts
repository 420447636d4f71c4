import { generateKeyPairSync } from 'node:crypto'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { mintSelfSigned } from '../../../src/cli/mint.ts'
import { loadConfig } from '../../../src/config/load.ts'
import { problemsOf } from './config-text.ts'

let folder: string
const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
const pem = publicKey.export({ type: 'spki', format: 'pem' })
const bcrypt = `$2y$10$${'a'.repeat(53)}`

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'drawbridge-credentials-'))
  const { cert, key } = await mintSelfSigned(['localhost'])
  const files = {
    'edge.crt': cert,
    'edge.key': key,
    'empty.crt': '',
    'garbage.crt': 'hello',
    'partners.htpasswd': `ann:${bcrypt}\n`,
    'old.htpasswd': `ann:${bcrypt}\nbob:{SHA}W6ph5Mm5Pz8GgiULbPgzG37mj9g=\n\ncarl:hunter2\n`,
    'keys.yaml': `- { name: a, sha256: ${'a'.repeat(64)} }\n`,
    'old-keys.yaml': `- { name: a, sha256: ${'a'.repeat(64)} }\n- name: b\n  sha256: hunter2\n`,
    'public.pem': pem,
    'private.pem': privateKey.export({ type: 'pkcs8', format: 'pem' }),
    'jwks.json': JSON.stringify({ keys: [publicKey.export({ format: 'jwk' })] }),
    'secret.json': JSON.stringify({ keys: [privateKey.export({ format: 'jwk' })] }),
  }
  for (const [name, content] of Object.entries(files)) await writeFile(join(folder, name), content)
})

afterAll(async () => {
  await rm(folder, { recursive: true })
})

async function load(authenticator: string, ca = 'edge.crt') {
  const tls = `{ certificates: [{ cert: edge.crt, key: edge.key }], clientCertificate: { ca: ${ca} } }`
  const text = `listeners: { edge: { bind: "127.0.0.1:0", tls: ${tls} } }
routes: [{ respond: { status: 204 }, auth: a }]
authenticators: { a: { ${authenticator} } }
`
  await writeFile(join(folder, 'edge.yaml'), text)
  return loadConfig({ file: join(folder, 'edge.yaml'), env: { PEM: pem } })
}

async function complaints(authenticator: string, ca?: string): Promise<string[]> {
  const lines = await problemsOf(load(authenticator, ca))
  return lines.map((line) => line.slice(folder.length + 1))
}

const hash = 'expected bcrypt, as `htpasswd -B` makes it ($2y$, $2b$ or $2a$)'
const key = 'expected a public key in PEM: RSA of 2048 bits or more, P-256, P-384, P-521 or Ed25519'
const keySet = 'expected an https URL, or a file with a JSON Web Key Set of public keys'

test.each([
  [
    'basic: { htpasswd: gone }',
    '43',
    'basic.htpasswd: found gone, which does not exist, expected lines NAME:HASH',
  ],
  [
    'apiKey: { keys: gone }',
    '40',
    'apiKey.keys: found a value (not shown), which does not exist, expected a list of keys',
  ],
  [
    'apiKey: { keys: old-keys.yaml }',
    '40',
    'apiKey.keys: found a value (not shown), with no hash in its line 2, expected the SHA-256 of the key: 64 hex digits',
  ],
  [
    'jwt: { publicKey: gone }',
    '42',
    `jwt.publicKey: found a value (not shown), which does not exist, ${key}`,
  ],
  [
    'jwt: { publicKey: private.pem }',
    '42',
    `jwt.publicKey: found a value (not shown), which holds a private key, ${key}`,
  ],
  [
    'jwt: { publicKey: edge.crt }',
    '42',
    `jwt.publicKey: found a value (not shown), which holds something else, ${key}`,
  ],
  ['jwt: { jwks: gone }', '37', `jwt.jwks: found gone, which does not exist, ${keySet}`],
  ['jwt: { jwks: keys.yaml }', '37', `jwt.jwks: found keys.yaml, which is no JSON, ${keySet}`],
  [
    'jwt: { jwks: secret.json }',
    '37',
    `jwt.jwks: found secret.json, which holds a private key, ${keySet}`,
  ],
])('refuses %s', async (authenticator, column, told) => {
  expect(await complaints(authenticator)).toEqual([
    `edge.yaml:3:${column}: authenticators.a.${told}`,
  ])
})

test('every line of a file is told, and nothing of what stands there', async () => {
  const lines = await complaints('basic: { htpasswd: old.htpasswd }')
  const at = 'edge.yaml:3:43: authenticators.a.basic.htpasswd: found old.htpasswd'
  expect(lines).toEqual([
    `${at}, with an unsalted SHA-1 hash in its line 2, ${hash}`,
    `${at}, with another kind of hash, or none in its line 4, ${hash}`,
  ])
})

test.each([
  ['gone.crt', 'which does not exist'],
  ['empty.crt', 'which holds something else'],
  ['garbage.crt', 'which holds something else'],
  ['edge.key', 'which holds something else'],
])('never takes any authority where the file is wrong: %s', async (ca, why) => {
  const lines = await complaints('certificate: { subjects: "CN=*" }', ca)
  expect(lines).toHaveLength(1)
  expect(lines[0]).toContain(
    `tls.clientCertificate.ca: found ${ca}, ${why}, expected certificates in PEM`,
  )
})

test.each([
  [
    'basic: { htpasswd: partners.htpasswd }',
    {
      kind: 'basic',
      htpasswd: 'partners.htpasswd',
      realm: 'drawbridge',
      attempts: { count: 10, perMs: 60_000 },
    },
  ],
  [
    'apiKey: { keys: keys.yaml }',
    {
      kind: 'apiKey',
      keys: 'keys.yaml',
      header: 'x-api-key',
      from: [{ kind: 'header', name: 'x-api-key' }],
    },
  ],
  [
    'apiKey: { keys: keys.yaml, query: key }',
    { query: 'key', from: [{ kind: 'query', name: 'key' }] },
  ],
  [
    'apiKey: { keys: keys.yaml, header: X-Key, query: key, from: [subprotocol, "query:key"] }',
    {
      header: 'x-key',
      query: 'key',
      from: [
        { kind: 'header', name: 'x-key' },
        { kind: 'query', name: 'key' },
        { kind: 'subprotocol' },
      ],
    },
  ],
  [
    'apiKey: { keys: keys.yaml, from: [header, "cookie:key"] }',
    {
      header: 'x-api-key',
      from: [
        { kind: 'header', name: 'x-api-key' },
        { kind: 'cookie', name: 'key' },
      ],
    },
  ],
  ['jwt: { publicKey: public.pem }', { kind: 'jwt', publicKey: 'public.pem' }],
  ['jwt: { publicKey: "${PEM}" }', { publicKey: pem }],
  ['jwt: { jwks: jwks.json }', { jwks: 'jwks.json' }],
  ['jwt: { jwks: https://id.example/keys }', { jwks: 'https://id.example/keys' }],
  [
    'certificate: { subjects: "CN=device-*", sans: ["DNS:*.example"] }',
    { kind: 'certificate', subjects: ['CN=device-*'], sans: ['DNS:*.example'] },
  ],
])('takes %s', async (authenticator, expected) => {
  const { config } = await load(authenticator)
  const found = { ...config.authenticators['a'] }
  const entries = Object.entries(found).map(([name, value]) => [
    name,
    typeof value === 'string' && value.startsWith(folder) ? value.slice(folder.length + 1) : value,
  ])
  expect(Object.fromEntries(entries)).toMatchObject(expected)
  expect(config.listeners['edge']!.tls!.clientCertificate).toEqual({
    ca: join(folder, 'edge.crt'),
    required: false,
  })
})

test('a certificate authenticator has at least one pattern', async () => {
  const none = 'found no pattern, expected subjects or sans with one at least'
  expect(await complaints('certificate: {}')).toEqual([
    `edge.yaml:3:24: authenticators.a.certificate: ${none}`.replace('3:24', '3:37'),
  ])
  const [line] = await complaints('certificate: { subjects: [device-1] }')
  expect(line).toContain(
    'certificate.subjects[0]: found device-1, expected a subject as RFC 4514 writes it, such as CN=device-*',
  )
})
