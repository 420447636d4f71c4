import { beforeEach, describe, expect, test } from 'vitest'
import { LogoutTokens } from '../../../src/auth/backchannel.ts'
import { SingleKey } from '../../../src/auth/key-source.ts'
import { TokenVerifier } from '../../../src/auth/token-verifier.ts'
import { claims, ed25519, p256, token } from './tokens.ts'

const { signal } = new AbortController()
const event = { 'http://schemas.openid.net/event/backchannel-logout': {} }
const signing = { alg: 'ES256', key: p256.privateKey, header: { typ: 'logout+jwt' } }

let logouts: LogoutTokens
let clock: number
beforeEach(() => {
  clock = Date.now()
  const clockTolerance = 30_000
  const rules = { issuer: 'https://id.example', audience: ['edge'], clockTolerance }
  const verifier = new TokenVerifier(new SingleKey(p256.publicKey), rules, () => clock)
  logouts = new LogoutTokens('staff', verifier, { clockTolerance, now: () => clock })
})

const logout = (changes: object = {}) =>
  claims({ jti: 'one', sid: 'login-1', events: event, ...changes })
const verify = (changes: object = {}, how = signing) =>
  logouts.verify(token(logout(changes), how), signal)

test('names a subject and a login of its authenticator', async () => {
  expect(await verify()).toEqual({ authenticator: 'staff', subject: 'ada', sessionId: 'login-1' })
})

test.each([
  ['a subject alone', { sid: undefined }, { subject: 'ada', sessionId: undefined }],
  ['a login alone', { sub: undefined }, { subject: undefined, sessionId: 'login-1' }],
  ['no exp, which older providers leave out', { exp: undefined }, { subject: 'ada' }],
  ['another event beside', { events: { ...event, 'urn:x': {} } }, { subject: 'ada' }],
])('takes %s', async (_, changes, named) => {
  expect(await verify(changes)).toMatchObject(named)
})

describe('refuses', () => {
  const now = Math.floor(Date.now() / 1000)
  test.each<[string, object]>([
    ['neither subject nor login', { sub: undefined, sid: undefined }],
    ['empty ones', { sub: '', sid: '' }],
    ['a subject that is no text', { sub: 1 }],
    ['a login that is no text', { sid: { a: 1 } }],
    ['no events', { events: undefined }],
    ['another event', { events: { 'urn:x': {} } }],
    ['an event that is text', { events: { [Object.keys(event)[0]!]: 'yes' } }],
    ['an event that is null', { events: { [Object.keys(event)[0]!]: null } }],
    ['an event that is a list', { events: { [Object.keys(event)[0]!]: [] } }],
    ['events in a list', { events: Object.keys(event) }],
    ['a nonce', { nonce: 'x' }],
    ['a nonce that is null', { nonce: null }],
    ['no id', { jti: undefined }],
    ['an empty id', { jti: '' }],
    ['no iat', { iat: undefined }],
    ['iat as text', { iat: String(now) }],
    ['iat in the future', { iat: now + 3600 }],
    ['another issuer', { iss: 'https://other.example' }],
    ['another audience', { aud: 'other' }],
    ['no audience', { aud: undefined }],
  ])('a logout token with %s', async (_, changes) => {
    await expect(verify(changes)).rejects.toMatchObject({ token: 'credentials-invalid' })
  })

  test.each<[string, object]>([
    ['older than five minutes', { iat: now - 331 }],
    ['expired', { exp: now - 31 }],
  ])('one that is %s', async (_, changes) => {
    await expect(verify(changes)).rejects.toMatchObject({ token: 'credentials-expired' })
  })

  test.each([
    ['of another key', { ...signing, alg: 'EdDSA', key: ed25519.privateKey }],
    ['of the type of an access token', { ...signing, header: { typ: 'at+jwt' } }],
    ['of a type that is no text', { ...signing, header: { typ: 7 } }],
  ])('one %s', async (_, how) => {
    await expect(verify({}, how as typeof signing)).rejects.toMatchObject({
      token: 'credentials-invalid',
    })
  })

  test('one that was used before, as long as it would be good', async () => {
    const { iat } = logout() as { iat: number }
    await verify({ iat, exp: iat + 3600 })
    const again = verify({ iat, exp: iat + 3600 })
    await expect(again).rejects.toMatchObject({ message: 'the logout token was used before' })
    clock += 325_000
    const later = verify({ iat, exp: iat + 3600 })
    await expect(later).rejects.toMatchObject({ message: 'the logout token was used before' })
    clock += 10_000
    const late = verify({ iat, exp: iat + 3600 })
    await expect(late).rejects.toMatchObject({ token: 'credentials-expired' })
    expect(await verify({ jti: 'two', iat: Math.floor(clock / 1000) })).toMatchObject({
      subject: 'ada',
    })
  })

  test('nothing that was refused makes a later one look used', async () => {
    await expect(verify({ nonce: 'x' })).rejects.toMatchObject({ token: 'credentials-invalid' })
    expect(await verify()).toMatchObject({ subject: 'ada' })
  })
})
