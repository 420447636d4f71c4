import { generateKeyPairSync } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { FixedKeySet, KeySet } from '../../../src/auth/jwks.ts'
import { ed25519, keySet, otherRsa, p256, rsa } from './tokens.ts'

const set = new KeySet(
  keySet(
    [rsa.publicKey, { kid: 'a', use: 'sig' }],
    [otherRsa.publicKey, { kid: 'b', alg: 'RS512', key_ops: ['verify'] }],
    [p256.publicKey, { kid: 'c' }],
    [ed25519.publicKey, { kid: 'd', use: 'enc' }],
    [ed25519.publicKey, { kid: 'e', key_ops: ['sign'] }],
  ),
)

test.each([
  ['a key by its id', 'RS256', 'a', rsa],
  ['a key for its algorithm', 'RS512', 'b', otherRsa],
  ['a key by its curve', 'ES256', 'c', p256],
  ['the only key that fits', 'ES256', undefined, p256],
  ['the only key of the algorithm', 'PS384', undefined, rsa],
])('finds %s', (_, alg, kid, { publicKey }) => {
  expect(set.find({ alg, kid })?.equals(publicKey)).toBe(true)
})

test.each([
  ['an id for another algorithm', 'RS256', 'b'],
  ['an id for another kind of key', 'ES256', 'a'],
  ['another curve', 'ES384', 'c'],
  ['a key that encrypts', 'EdDSA', 'd'],
  ['a key that does not verify', 'EdDSA', 'e'],
  ['an HMAC', 'HS256', 'a'],
  ['an unknown id', 'RS256', 'x'],
  ['an id of every object', 'RS256', '__proto__'],
])('finds nothing for %s', (_, alg, kid) => {
  expect(set.find({ alg, kid })).toBeUndefined()
})

describe('refuses', () => {
  const refusal = expect.objectContaining({ token: 'credentials-invalid' })

  test('a token without an id where several keys would fit', () => {
    expect(() => set.find({ alg: 'RS512', kid: undefined })).toThrow(refusal)
  })

  test('an id that two keys have', () => {
    const twice = new KeySet(
      keySet([rsa.publicKey, { kid: 'a' }], [otherRsa.publicKey, { kid: 'a' }]),
    )
    expect(() => twice.find({ alg: 'RS256', kid: 'a' })).toThrow(refusal)
  })

  test.each([1, null, ['a'], { a: 1 }])('an id that is %j', (kid) => {
    expect(() => set.find({ alg: 'RS256', kid })).toThrow(refusal)
  })
})

test('two keys of one id are two where their algorithms are', () => {
  const mixed = new KeySet(keySet([rsa.publicKey, { kid: 'a' }], [p256.publicKey, { kid: 'a' }]))
  expect(mixed.find({ alg: 'ES256', kid: 'a' })?.equals(p256.publicKey)).toBe(true)
})

test('a short RSA key is not one', () => {
  const short = generateKeyPairSync('rsa', { modulusLength: 1024 }).publicKey
  expect(() => new KeySet(keySet([short, { kid: 'a' }]))).toThrow('no key for signatures')
})

function many(count: number): string {
  return keySet(...Array.from({ length: count }, () => [p256.publicKey] as const))
}

test('a hundred keys are a set, one more is none', () => {
  expect(new KeySet(many(100))).toBeInstanceOf(KeySet)
  expect(() => new KeySet(many(101))).toThrow('more than 100 keys')
})

test('the set of a file refuses a token whose key it does not have', async () => {
  const fixed = new FixedKeySet(set)
  expect((await fixed.find({ alg: 'ES256', kid: 'c' })).equals(p256.publicKey)).toBe(true)
  await expect(fixed.find({ alg: 'ES256', kid: 'x' })).rejects.toMatchObject({
    token: 'credentials-invalid',
  })
})
