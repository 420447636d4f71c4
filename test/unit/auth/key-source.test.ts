import { createSecretKey, generateKeyPairSync } from 'node:crypto'
import type { KeyObject } from 'node:crypto'
import { expect, test } from 'vitest'
import { algorithmsOf, publicAlgorithms } from '../../../src/auth/algorithms.ts'
import { SingleKey } from '../../../src/auth/key-source.ts'
import { ed25519, p256, rsa, secret } from './tokens.ts'

const hmac = createSecretKey(Buffer.from(secret))
const curve = (namedCurve: string): KeyObject => generateKeyPairSync('ec', { namedCurve }).publicKey

test.each<[string, KeyObject, readonly string[]]>([
  ['a secret', hmac, ['HS256', 'HS384', 'HS512']],
  ['RSA', rsa.publicKey, ['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512']],
  ['P-256', p256.publicKey, ['ES256']],
  ['P-384', curve('P-384'), ['ES384']],
  ['P-521', curve('P-521'), ['ES512']],
  ['Ed25519', ed25519.publicKey, ['EdDSA', 'Ed25519']],
  ['another curve', curve('secp256k1'), []],
  ['a key that only encrypts', generateKeyPairSync('x25519').publicKey, []],
])('%s decides which algorithms count', (_, key, algorithms) => {
  expect(algorithmsOf(key)).toEqual(algorithms)
  expect(new SingleKey(key).algorithms).toEqual(algorithms)
})

test('a key set signs with no secret', () => {
  expect(publicAlgorithms.filter((name) => name.startsWith('HS'))).toEqual([])
  expect(publicAlgorithms).not.toContain('none')
})

test('one key is found by whatever id, for its algorithms only', async () => {
  const source = new SingleKey(p256.publicKey)
  expect(await source.find({ alg: 'ES256', kid: '__proto__' })).toBe(p256.publicKey)
  for (const alg of ['HS256', 'RS256', 'none', 'constructor']) {
    await expect(source.find({ alg, kid: undefined })).rejects.toMatchObject({
      token: 'credentials-invalid',
    })
  }
})
