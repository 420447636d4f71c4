import { generateKeyPairSync, KeyObject } from 'node:crypto'
import { expect, test } from 'vitest'
import { parseJwk, parsePublicKey } from '../../../src/config/public-key.ts'

const pairs = {
  rsa: generateKeyPairSync('rsa', { modulusLength: 2048 }),
  ec: generateKeyPairSync('ec', { namedCurve: 'P-256' }),
  ed: generateKeyPairSync('ed25519'),
  weak: generateKeyPairSync('rsa', { modulusLength: 1024 }),
  coin: generateKeyPairSync('ec', { namedCurve: 'secp256k1' }),
  x: generateKeyPairSync('x25519'),
}
type Name = keyof typeof pairs

const pem = (name: Name) => pairs[name].publicKey.export({ type: 'spki', format: 'pem' })
const jwk = (name: Name) => ({ kty: '', ...pairs[name].publicKey.export({ format: 'jwk' }) })

test.each(['rsa', 'ec', 'ed'] as const)('takes the public key of %s', (name) => {
  expect(parsePublicKey(pem(name))).toBeInstanceOf(KeyObject)
  expect(parseJwk(jwk(name))).toBeInstanceOf(KeyObject)
})

test.each([
  ['weak', 'holds an RSA key of less than 2048 bits'],
  ['coin', 'holds a key of another curve'],
  ['x', 'holds a key of a kind that is not used (x25519)'],
] as const)('refuses the key of %s', (name, why) => {
  expect(parsePublicKey(pem(name))).toBe(why)
  expect(parseJwk(jwk(name))).toBe(why)
})

test('a private key does not belong here', () => {
  const { privateKey } = pairs.ec
  expect(parsePublicKey(privateKey.export({ type: 'pkcs8', format: 'pem' }))).toBe(
    'holds a private key',
  )
  expect(parseJwk({ kty: 'EC', ...privateKey.export({ format: 'jwk' }) })).toBe(
    'holds a private key',
  )
})

test('what is no key at all is told without its text', () => {
  expect(parsePublicKey('hunter2')).toBe('holds something else')
  expect(parsePublicKey('-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n')).toBe(
    'holds something else',
  )
  expect(parseJwk({ kty: 'oct', k: 'aHVudGVyMg' })).toBe('holds a symmetric key')
  expect(parseJwk({ kty: 'EC', crv: 'P-256', x: 'AA', y: 'AA' })).toBe(
    'holds a key that cannot be read',
  )
})
