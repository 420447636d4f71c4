import { afterAll, describe, expect, test } from 'vitest'
import type { JwtConfig } from '../../../src/config/settled/authenticators.ts'
import type { Token } from '../../../src/errors.ts'
import { Scratch } from '../../support/scratch.ts'
import { attempt, placed } from './attempts.ts'
import { bearer, jwt } from './jwt-rig.ts'
import {
  claims,
  ed25519,
  encoded,
  keySet,
  otherRsa,
  p256,
  pem,
  rsa,
  secret,
  token,
} from './tokens.ts'

const scratch = new Scratch()
afterAll(() => scratch.remove())
let files = 0
const fileOf = (text: string): string => scratch.write(`${files++}.json`, text)

const now = Math.floor(Date.now() / 1000)
const hs = { alg: 'HS256', key: secret }
const rs = { alg: 'RS256', key: rsa.privateKey }
const publicKey = pem(rsa.publicKey)

async function refused(config: Partial<JwtConfig>, credential: string): Promise<Token | undefined> {
  try {
    const identity = await jwt(config).authenticate(attempt(placed(bearer, credential)))
    return identity === undefined ? undefined : Promise.reject(new Error('it passed'))
  } catch (error) {
    if (error instanceof Error && 'token' in error) return error.token as Token
    throw error
  }
}

describe('algorithms', () => {
  test.each([
    ['none', 'none'],
    ['None', 'None'],
    ['NONE with blanks', ' none '],
    ['nothing', ''],
    ['a number', 5],
    ['a list', ['HS256']],
    ['null', null],
    ['one of every object', 'constructor'],
    ['__proto__', '__proto__'],
    ['another case', 'hs256'],
    ['a blank before', ' HS256'],
    ['another HMAC of no standard', 'HS1'],
    ['an encryption', 'RSA-OAEP'],
  ])('refuses a header whose alg is %s', async (_, alg) => {
    const [header, payload] = [encoded({ alg }), encoded(claims())]
    const signature = token(claims(), hs).split('.')[2]
    for (const text of [`${header}.${payload}.`, `${header}.${payload}.${signature}`]) {
      expect(await refused({}, text)).toBe('credentials-invalid')
      expect(await refused({ publicKey }, text)).toBe('credentials-invalid')
    }
  })

  test.each([
    ['with line ends', publicKey],
    ['without the last one', publicKey.trim()],
    ['with a blank before it', ` ${publicKey}`],
    ['as DER', rsa.publicKey.export({ type: 'spki', format: 'der' }).toString('latin1')],
    ['as its modulus', rsa.publicKey.export({ format: 'jwk' }).n!],
  ])('refuses an HMAC with the public key for its secret, %s', async (_, text) => {
    const forged = token(claims(), { alg: 'HS256', key: text })
    expect(await refused({ publicKey }, forged)).toBe('credentials-invalid')
    const jwks = fileOf(keySet([rsa.publicKey]))
    expect(await refused({ jwks }, forged)).toBe('credentials-invalid')
  })

  test.each([
    ['not in the list', { publicKey, algorithms: ['PS256'] }, rs],
    ['not in the list of a secret', { algorithms: ['HS512'] }, hs],
    ['of another kind of key', { publicKey }, { alg: 'ES256', key: p256.privateKey }],
    ['of another secret', {}, { alg: 'HS256', key: `${secret}.` }],
    ['of another key', { publicKey }, { alg: 'RS256', key: otherRsa.privateKey }],
    ['of a key for a secret', {}, rs],
  ])('refuses a signature %s', async (_, config, signing) => {
    expect(await refused(config, token(claims(), signing))).toBe('credentials-invalid')
  })

  test.each([
    ['RS256', rsa],
    ['RS512', rsa],
    ['PS256', rsa],
    ['ES256', p256],
    ['EdDSA', ed25519],
  ])('takes %s by the type of the key', async (alg, pair) => {
    const given = attempt(placed(bearer, token(claims(), { alg, key: pair.privateKey })))
    const byKey = jwt({ publicKey: pem(pair.publicKey) })
    expect(await byKey.authenticate(given)).toMatchObject({ subject: 'ada' })
    const bySet = jwt({ jwks: fileOf(keySet([pair.publicKey])) })
    expect(await bySet.authenticate(given)).toMatchObject({ subject: 'ada' })
  })
})

describe('claims', () => {
  test.each<[string, Record<string, unknown>, Token?]>([
    ['no exp', { exp: undefined }],
    ['exp as text', { exp: String(now + 60) }],
    ['exp null', { exp: null }],
    ['exp a list', { exp: [now + 60] }],
    ['exp beyond all dates', { exp: 1e300 }],
    ['exp of milliseconds ago', { exp: 0 }, 'credentials-expired'],
    ['exp negative', { exp: -now }, 'credentials-expired'],
    ['exp at the end of the tolerance', { exp: now - 31 }, 'credentials-expired'],
    ['nbf beyond the tolerance', { nbf: now + 60 }],
    ['nbf as text', { nbf: String(now - 60) }],
    ['iat as text', { iat: String(now) }],
    ['no iss', { iss: undefined }],
    ['another iss', { iss: 'https://id.example.evil.example' }],
    ['iss with a slash more', { iss: 'https://id.example/' }],
    ['iss in another case', { iss: 'HTTPS://id.example' }],
    ['iss in a list', { iss: ['https://id.example'] }],
    ['no aud', { aud: undefined }],
    ['another aud', { aud: 'other' }],
    ['aud as a part', { aud: 'edges' }],
    ['aud of others', { aud: ['a', 'b'] }],
    ['aud nested', { aud: [['edge']] }],
    ['aud an object', { aud: { edge: true } }],
    ['sub a number', { sub: 7 }],
    ['sub an object', { sub: { toString: 'ada' } }],
    ['sid a list', { sid: ['a'] }],
    ['jti a number', { jti: 7 }],
    [
      'an event of logout',
      { events: { 'http://schemas.openid.net/event/backchannel-logout': {} } },
    ],
  ])('refuses a token with %s', async (_, changes, wanted = 'credentials-invalid') => {
    expect(await refused({}, token(claims(changes), hs))).toBe(wanted)
  })

  test('refuses exp written as 1e999, which JSON.parse makes Infinity', async () => {
    const text = JSON.stringify(claims({ exp: 0 })).replace('"exp":0', '"exp":1e999')
    expect(await refused({}, token(text, hs))).toBe('credentials-invalid')
  })

  test.each([
    ['exp within the tolerance', { exp: now - 20 }],
    ['nbf within the tolerance', { nbf: now + 20 }],
    ['exp with a fraction', { exp: now + 60.5 }],
    ['aud in a list', { aud: ['other', 'edge'] }],
  ])('takes a token with %s', async (_, changes) => {
    const given = attempt(placed(bearer, token(claims(changes), hs)))
    expect(await jwt().authenticate(given)).toMatchObject({ subject: 'ada' })
  })

  test.each([
    ['text', '"admin"'],
    ['a list', '[]'],
    ['null', 'null'],
    ['no JSON', '{"sub":"ada"'],
    ['nothing', ''],
    ['bytes that are no UTF-8', Buffer.from('ff', 'hex').toString('latin1')],
  ])('refuses a payload that is %s', async (_, payload) => {
    expect(await refused({}, token(payload || ' ', hs))).toBe('credentials-invalid')
  })
})

describe('headers', () => {
  const jwk = otherRsa.publicKey.export({ format: 'jwk' })
  test.each([
    ['a crit that is not known', { crit: ['exp'] }],
    ['a crit of our own making', { crit: ['x'], x: 1 }],
    ['a crit that is empty', { crit: [] }],
    ['a crit that is no list', { crit: 'b64' }],
    ['an unencoded payload', { crit: ['b64'], b64: false }],
    ['a typ that is no text', { typ: 1 }],
    ['the typ of a logout token', { typ: 'logout+jwt' }],
    ['the typ of a proof', { typ: 'dpop+jwt' }],
    ['the typ of an event', { typ: 'application/secevent+jwt' }],
  ])('refuses %s', async (_, header) => {
    expect(await refused({}, token(claims(), { ...hs, header }))).toBe('credentials-invalid')
  })

  test.each([
    ['no typ', { typ: undefined }],
    ['the typ of an access token', { typ: 'at+jwt' }],
    ['the same with its whole name', { typ: 'application/AT+JWT' }],
    ['jwt in small letters', { typ: 'jwt' }],
    ['a kid, whatever it is', { kid: '../../etc/passwd' }],
  ])('takes %s', async (_, header) => {
    const given = attempt(placed(bearer, token(claims(), { ...hs, header })))
    expect(await jwt().authenticate(given)).toMatchObject({ subject: 'ada' })
  })

  test.each([
    ['jwk', { jwk }],
    ['jku', { jku: 'http://127.0.0.1:1/jwks.json' }],
    ['x5u', { x5u: 'http://127.0.0.1:1/key.pem' }],
    [
      'x5c',
      { x5c: [otherRsa.publicKey.export({ type: 'spki', format: 'der' }).toString('base64')] },
    ],
    ['jwk and a kid of theirs', { jwk: { ...jwk, kid: 'mine' }, kid: 'mine' }],
  ])('believes no key that comes with the token: %s', async (_, header) => {
    const forged = token(claims(), { alg: 'RS256', key: otherRsa.privateKey, header })
    const jwks = fileOf(keySet([rsa.publicKey, { kid: 'a' }]))
    expect(await refused({ publicKey }, forged)).toBe('credentials-invalid')
    expect(await refused({ jwks }, forged)).toBe('credentials-invalid')
  })

  test.each([
    ['unknown', 'c'],
    ['a prototype’s', '__proto__'],
    ['a method’s', 'constructor'],
    ['a path', '../../../dev/null'],
    ['an injection', "a' or '1'='1"],
    ['a number', 0],
    ['null', null],
    ['a list', ['a']],
    ['empty', ''],
    ['of the other key', 'b'],
    ['in another case', 'A'],
    ['very long', 'a'.repeat(4000)],
  ])('refuses a kid that is %s', async (_, kid) => {
    const jwks = fileOf(keySet([rsa.publicKey, { kid: 'a' }], [otherRsa.publicKey, { kid: 'b' }]))
    const text = token(claims(), { ...rs, header: { kid } })
    expect(await refused({ jwks }, text)).toBe('credentials-invalid')
  })
})

describe('text', () => {
  const good = token(claims(), hs)
  const [header = '', payload = '', signature = ''] = good.split('.')
  test.each([
    ['a part less', `${header}.${payload}`],
    ['a part more', `${good}.x`],
    ['five parts, as if it were encrypted', `${good}.x.y`],
    ['no signature', `${header}.${payload}.`],
    ['a blank inside', `${header}. ${payload}.${signature}`],
    ['a tab before', `\t${good}`],
    ['a blank at the end of a part', `${header} .${payload}.${signature}`],
    ['padding', `${header}=.${payload}.${signature}`],
    ['padding at the end', `${good}=`],
    ['standard base64', `${header}.${payload}.${signature.slice(0, -4)}+/+/`],
    ['quotes', `"${good}"`],
    ['two tokens with a comma', `${good},${good}`],
    ['two tokens with a blank', `${good} ${good}`],
    ['two schemes', `Bearer ${good}`],
    [
      'another payload under the signature',
      `${header}.${encoded(claims({ sub: 'eve' }))}.${signature}`,
    ],
    ['another header', `${encoded({ alg: 'HS256', typ: 'JWT', x: 1 })}.${payload}.${signature}`],
    ['a signature cut short', good.slice(0, -4)],
    ['JSON', JSON.stringify({ protected: header, payload, signature })],
    ['escapes', good.replaceAll('.', '%2e')],
  ])('refuses a token with %s', async (_, text) => {
    expect(await refused({}, text)).toBe('credentials-invalid')
  })

  test('takes a token as large as a head may be', async () => {
    const large = token(claims({ text: 'x'.repeat(11_000) }), hs)
    const given = attempt(placed(bearer, large))
    expect(await jwt().authenticate(given)).toMatchObject({ subject: 'ada' })
    expect(() => attempt(placed(bearer, large + 'x'.repeat(4000)))).toThrow(
      expect.objectContaining({ token: 'head-too-big' }),
    )
  })

  test('refuses two Authorization lines before anybody looks at them', () => {
    const line = `Authorization: Bearer ${good}`
    expect(() => attempt({ lines: [line, line] })).toThrow(
      expect.objectContaining({ token: 'request-malformed' }),
    )
  })
})
