import { describe, expect, test } from 'vitest'
import type { JwtConfig } from '../../../src/config/settled/authenticators.ts'
import { GatewayError } from '../../../src/errors.ts'
import { attempt, placed } from './attempts.ts'
import { describeAuthenticator } from './authenticator-suite.ts'
import { bearer, jwt } from './jwt-rig.ts'
import { claims, encoded, pem, rsa, secret, token } from './tokens.ts'

const places = [
  bearer,
  { kind: 'cookie', name: 'session' },
  { kind: 'query', name: 'access_token' },
  { kind: 'subprotocol' },
] as const
const good = token(claims(), { alg: 'HS256', key: secret })
const expired = token(claims({ exp: 1_000_000_000 }), { alg: 'HS256', key: secret })
const forged = token(claims(), { alg: 'HS256', key: 'another secret of more than 32 bytes' })

for (const place of places) {
  describeAuthenticator(`jwt from ${place.kind}`, {
    make: () => jwt({ from: [place] }),
    right: { what: 'a token', subject: 'ada', secret: good, given: () => placed(place, good) },
    wrong: [
      { what: 'a forged token', secret: forged, given: () => placed(place, forged) },
      {
        what: 'an expired token',
        secret: expired,
        token: 'credentials-expired',
        given: () => placed(place, expired),
      },
    ],
    named: (name) => placed(place, name),
  })
}

describeAuthenticator('jwt from everywhere', {
  make: () => jwt({ from: places }),
  right: { what: 'a header', subject: 'ada', secret: good, given: () => placed(bearer, good) },
  wrong: [{ what: 'a forged token', secret: forged, given: () => placed(bearer, forged) }],
  twice: [
    {
      what: 'header and query',
      secret: good,
      given: () => ({ ...placed(bearer, good), ...placed(places[2], good) }),
    },
    {
      what: 'header and cookie',
      secret: good,
      given: () => ({ lines: [`Authorization: Bearer ${good}`, `Cookie: session=${good}`] }),
    },
    {
      what: 'a query key twice',
      secret: good,
      given: () => ({ target: `/chat?access_token=${good}&access%5ftoken=${good}` }),
    },
    {
      what: 'two cookies of one name, on two lines',
      secret: good,
      given: () => ({ lines: [`Cookie: session=${good}`, 'Cookie: a=1;session=x'] }),
    },
    {
      what: 'two subprotocols',
      secret: good,
      given: () => ({ protocols: [`authorization.bearer.${good}`, 'bearer', forged, 'chat'] }),
    },
  ],
  named: (name) => ({ lines: [`Cookie: session=${name}`] }),
})

const present = async (changes: object, config: Partial<JwtConfig> = {}) =>
  jwt(config).authenticate(
    attempt(placed(bearer, token(claims({ ...changes }), { alg: 'HS256', key: secret }))),
  )

describe('a token', () => {
  test('tells who it is, until when, and by what it can be revoked', async () => {
    const exp = Math.floor(Date.now() / 1000) + 60
    const more = { exp, jti: 'token-1', sid: 'login-1', name: 'Ada Lovelace', role: 'admin' }
    expect(await present(more)).toMatchObject({
      authenticator: 'staff',
      subject: 'ada',
      name: 'Ada Lovelace',
      claims: { role: 'admin' },
      expiresAt: exp * 1000,
      credentialId: 'token-1',
      sessionId: 'login-1',
      headers: [],
    })
  })

  test('is passed on as Authorization where the configuration says so', async () => {
    const authenticator = jwt({ from: places, passCredential: true })
    expect(await authenticator.authenticate(attempt(placed(places[1], good)))).toMatchObject({
      headers: ['Authorization', `Bearer ${good}`],
    })
  })

  test('that nobody can be told by is nobody in particular', async () => {
    expect(await present({ sub: undefined, client_id: 'robot' })).toMatchObject({
      subject: 'robot',
    })
    expect(await present({ sub: undefined })).toMatchObject({ subject: '', name: undefined })
  })

  test('of the year 2100 is good until then', async () => {
    expect(await present({ exp: 4_102_444_800 })).toMatchObject({ expiresAt: 4_102_444_800_000 })
  })

  test('has one fingerprint, however its signature is spelled', async () => {
    // 32 bytes are 43 characters with two bits to spare.
    const last = good.at(-1)!
    const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'
    const other = good.slice(0, -1) + alphabet[alphabet.indexOf(last) ^ 1]!
    const authenticator = jwt()
    const verdicts = await Promise.all(
      [good, other].map((each) => authenticator.authenticate(attempt(placed(bearer, each)))),
    )
    expect(verdicts[1]).toBeDefined()
    expect(verdicts[1]!.fingerprint).toBe(verdicts[0]!.fingerprint)
  })

  test.each([
    ['a claim it must have', { role: 'admin' }, { require: { role: ['admin', 'root'] } }],
    ['a claim in a list', { groups: ['a', 'b'] }, { require: { groups: ['b'] } }],
    ['a number', { level: 3 }, { require: { level: ['3'] } }],
    ['true', { email_verified: true }, { require: { email_verified: ['true'] } }],
    ['a nested claim', { realm: { roles: ['x'] } }, { require: { 'realm.roles': ['x'] } }],
    ['a dotted claim', { 'https://x.y/z': 'v' }, { require: { 'https://x.y/z': ['v'] } }],
    ['scopes in a text', { scope: 'read write' }, { scopes: ['write', 'read'] }],
    ['scopes in a list', { scp: ['read', 'write'] }, { scopes: ['write'] }],
    ['scopes in a text called scp', { scp: 'read write' }, { scopes: ['read', 'write'] }],
  ])('passes with %s', async (_, given, config) => {
    expect(await present(given, config)).toMatchObject({ subject: 'ada' })
  })

  test.each([
    ['another value', { role: 'user' }, { require: { role: ['admin'] } }],
    ['a claim of every object', {}, { require: { constructor: ['Object'] } }],
    ['no such claim', {}, { require: { role: ['admin'] } }],
    ['one of two claims', { a: '1' }, { require: { a: ['1'], b: ['1'] } }],
    ['a claim that is an object', { role: { admin: true } }, { require: { role: ['admin'] } }],
    ['a part of a text', { role: 'administrator' }, { require: { role: ['admin'] } }],
    ['half of the scopes', { scope: 'read' }, { scopes: ['read', 'write'] }],
    ['a scope as a part', { scope: 'read:all' }, { scopes: ['read'] }],
    ['no scope', {}, { scopes: ['read'] }],
  ])('is refused with 403 for %s', async (_, given, config) => {
    await expect(present(given, config)).rejects.toMatchObject({
      token: 'permission-missing',
      headers: ['WWW-Authenticate', expect.stringContaining('error="insufficient_scope"')],
    })
  })

  test('that is wrong is told so as RFC 6750 has it', async () => {
    await expect(present({ aud: 'other' })).rejects.toMatchObject({
      token: 'credentials-invalid',
      headers: ['WWW-Authenticate', 'Bearer realm="staff", error="invalid_token"'],
    })
  })

  test('that waits for keys is given up with its client', async () => {
    const controller = new AbortController()
    const reason = new GatewayError('client-lost', 'the client has gone')
    controller.abort(reason)
    const { signal } = controller
    const verdict = jwt().authenticate(attempt({ ...placed(bearer, good), signal }))
    await expect(verdict).rejects.toBe(reason)
  })
})

test.each([
  ['Basic', 'Basic YTpi'],
  ['another scheme that starts like it', `BearerX ${good}`],
  ['no scheme', good],
  ['Digest', 'Digest username="Bearer x"'],
])('an Authorization with %s is left to others', async (_, value) => {
  const given = attempt({ lines: [`Authorization: ${value}`] })
  expect(await jwt().authenticate(given)).toBeUndefined()
})

test.each(['bearer', 'BEARER', 'Bearer  '])('the scheme may be written %j', async (scheme) => {
  const given = attempt({ lines: [`Authorization: ${scheme} ${good}`] })
  expect(await jwt().authenticate(given)).toMatchObject({ subject: 'ada' })
})

test('a token in one subprotocol may be base64url once more', async () => {
  const authenticator = jwt({ from: [{ kind: 'subprotocol' }] })
  for (const text of [good, encoded(good)]) {
    const given = attempt({ protocols: ['chat', `Authorization.Bearer.${text}`] })
    expect(await authenticator.authenticate(given)).toMatchObject({ subject: 'ada' })
  }
})

describe('a token that was found right not long ago', () => {
  const exp = 1_800_000_000
  const late = token(claims({ exp }), { alg: 'HS256', key: secret })
  const given = attempt(placed(bearer, late))

  test('is the same identity, and ends when it ends', async () => {
    let clock = exp * 1000 - 1
    const authenticator = jwt({}, () => clock)
    const first = await authenticator.authenticate(given)
    clock += 29_000
    expect(await authenticator.authenticate(given)).toBe(first)
    clock = (exp + 30) * 1000 - 1
    expect(await authenticator.authenticate(given)).toMatchObject({ subject: 'ada' })
    clock += 1
    await expect(authenticator.authenticate(given)).rejects.toMatchObject({
      token: 'credentials-expired',
    })
  })

  test('is checked again after a while, however often it comes', async () => {
    let clock = exp * 1000 - 3_600_000
    const authenticator = jwt({}, () => clock)
    const first = await authenticator.authenticate(given)
    for (let seconds = 0; seconds < 29; seconds++) {
      clock += 1000
      expect(await authenticator.authenticate(given)).toBe(first)
    }
    clock += 1000
    expect(await authenticator.authenticate(given)).not.toBe(first)
  })

  test('lends its verdict to no other token', async () => {
    const authenticator = jwt({}, () => exp * 1000 - 1)
    await authenticator.authenticate(given)
    const parts = late.split('.')
    for (const other of [
      [parts[0], encoded(claims({ exp, sub: 'eve' })), parts[2]],
      [parts[0], parts[1], 'x'.repeat(43)],
    ]) {
      const verdict = authenticator.authenticate(attempt(placed(bearer, other.join('.'))))
      await expect(verdict).rejects.toMatchObject({ token: 'credentials-invalid' })
    }
  })
})

test('algorithms that do not fit the key are a mistake of the configuration', () => {
  expect(() => jwt({ algorithms: ['RS256'] })).toThrow('RS256 does not fit the key')
  const publicKey = pem(rsa.publicKey)
  expect(() => jwt({ publicKey, algorithms: ['HS256'] })).toThrow('HS256 does not fit the key')
})
