import { hash } from 'node:crypto'
import { expect, test } from 'vitest'
import { ApiKeyAuthenticator } from '../../../src/auth/api-key.ts'
import { Fingerprints } from '../../../src/auth/fingerprint.ts'
import type { Place } from '../../../src/auth/places.ts'
import type { ApiKeyConfig } from '../../../src/config/settled/authenticators.ts'
import { attempt, placed } from './attempts.ts'
import { describeAuthenticator } from './authenticator-suite.ts'

const fingerprints = new Fingerprints()
const key = 'k-7qv3Zr2HkV9yYqg1o5tXh0nLdPzEwCbA'
const old = 'k-old-Zr2HkV9yYqg1o5tXh0nLdPzEwCbA'
const soon = Date.now() + 60_000
const sha256 = (text: string): string => hash('sha256', text, 'hex')
const keys = [
  { name: 'reports', sha256: sha256(key), expiresAt: soon },
  { name: 'old', sha256: sha256(old), expiresAt: Date.now() - 1 },
]
const header: Place = { kind: 'header', name: 'x-api-key' }
const query: Place = { kind: 'query', name: 'key' }

function make(config: Partial<ApiKeyConfig> = {}, now?: () => number): ApiKeyAuthenticator {
  const whole: ApiKeyConfig = {
    kind: 'apiKey',
    from: [header],
    header: 'x-api-key',
    passCredential: false,
    keys: '/none',
    ...config,
  }
  return new ApiKeyAuthenticator('robots', whole, keys, { fingerprints, ...(now && { now }) })
}

const places: readonly Place[] = [
  header,
  { kind: 'header', name: 'authorization' },
  query,
  { kind: 'cookie', name: 'key' },
  { kind: 'subprotocol' },
]

for (const place of places) {
  describeAuthenticator(`apiKey from ${JSON.stringify(place)}`, {
    make: () => make({ from: [place] }),
    right: { what: 'a key', subject: 'reports', secret: key, given: () => placed(place, key) },
    wrong: [
      { what: 'another key', secret: `${key}x`, given: () => placed(place, `${key}x`) },
      { what: 'its hash', secret: sha256(key), given: () => placed(place, sha256(key)) },
      { what: 'its name', given: () => placed(place, 'reports') },
      {
        what: 'a key that has expired',
        secret: old,
        token: 'credentials-expired',
        given: () => placed(place, old),
      },
    ],
    named: (name) => placed(place, name),
  })
}

describeAuthenticator('apiKey from header and query', {
  make: () => make({ from: [header, query] }),
  right: { what: 'a header', subject: 'reports', secret: key, given: () => placed(header, key) },
  wrong: [{ what: 'an empty key', given: () => placed(header, '') }],
  twice: [
    {
      what: 'both',
      secret: key,
      given: () => ({ ...placed(header, key), ...placed(query, key) }),
    },
    { what: 'two lines', given: () => ({ lines: [`X-Api-Key: ${key}`, `x-api-key: ${key}`] }) },
    { what: 'a query key twice', given: () => ({ target: `/chat?key=${key}&%6bey=${key}` }) },
  ],
})

test('tells of a key its name and its end', async () => {
  const identity = await make().authenticate(attempt(placed(header, key)))
  expect(identity).toMatchObject({
    subject: 'reports',
    name: 'reports',
    credentialId: 'reports',
    expiresAt: soon,
    headers: [],
  })
})

test('ends with the millisecond in which a key expires', async () => {
  let now = soon - 1
  const authenticator = make({}, () => now)
  const given = attempt(placed(header, key))
  expect(await authenticator.authenticate(given)).toMatchObject({ subject: 'reports' })
  now = soon
  await expect(authenticator.authenticate(given)).rejects.toMatchObject({
    token: 'credentials-expired',
  })
})

test('sends the key on as Authorization where that is wanted', async () => {
  const authenticator = make({ from: [query], passCredential: true })
  expect(await authenticator.authenticate(attempt(placed(query, key)))).toMatchObject({
    headers: ['Authorization', `Bearer ${key}`],
  })
})

test.each([
  ['a header of its own', { header: 'x-api-key' }, 'ApiKey realm="robots", header="x-api-key"'],
  ['Authorization', { header: 'authorization', from: [places[1]!] }, 'Bearer realm="robots"'],
])('asks for a key: %s', (_, config, expected) => {
  expect(make(config).challenge).toBe(expected)
})

test('asks for a key in the query', () => {
  const config = { kind: 'apiKey', from: [query], query: 'key', passCredential: false } as const
  const authenticator = new ApiKeyAuthenticator('robots', { ...config, keys: '' }, keys, {
    fingerprints,
  })
  expect(authenticator.challenge).toBe('ApiKey realm="robots", query="key"')
})
