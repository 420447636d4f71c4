import { generateKeyPairSync } from 'node:crypto'
import { afterAll, describe, expect, test } from 'vitest'
import { jwtKeys } from '../../../src/auth/jwt-keys.ts'
import { RemoteKeySet } from '../../../src/auth/remote-jwks.ts'
import { Scratch } from '../../support/scratch.ts'
import { attempt, placed } from './attempts.ts'
import { bearer, jwt, jwtConfig } from './jwt-rig.ts'
import { claims, keySet, pem, rsa, token } from './tokens.ts'

const scratch = new Scratch()
afterAll(() => scratch.remove())
const options = { now: Date.now, onFailure: () => undefined }

describe('reads', () => {
  const signed = token(claims(), { alg: 'RS256', key: rsa.privateKey, header: { kid: 'a' } })
  test.each([
    ['a public key as text', { publicKey: pem(rsa.publicKey) }],
    ['a public key in a file', { publicKey: scratch.write('key.pem', pem(rsa.publicKey)) }],
    [
      'a key set in a file',
      { jwks: scratch.write('a.json', keySet([rsa.publicKey, { kid: 'a' }])) },
    ],
  ])('%s', async (_, config) => {
    const verdict = jwt(config).authenticate(attempt(placed(bearer, signed)))
    expect(await verdict).toMatchObject({ subject: 'ada' })
  })

  test('nothing yet from a URL', () => {
    const config = jwtConfig({ jwks: 'https://id.example/jwks.json' })
    expect(jwtKeys(config, options)).toBeInstanceOf(RemoteKeySet)
  })
})

test.each([
  ['a URL in clear text', { jwks: 'http://id.example/jwks.json' }, 'https only'],
  ['a file that is not there', { jwks: `${scratch.path}/none` }, 'ENOENT'],
  ['a file that is no key set', { jwks: scratch.write('b.json', '[]') }, 'no key set'],
  ['a private key', { publicKey: privatePem() }, 'holds a private key'],
  ['a certificate’s file', { publicKey: scratch.write('c.pem', 'x') }, 'holds something else'],
])('does not start with %s', (_, config, message) => {
  expect(() => jwtKeys(jwtConfig(config), options)).toThrow(message)
})

test('a key for PSS alone, which Web Crypto does not take, is a mistake of the configuration', () => {
  const { publicKey } = generateKeyPairSync('rsa-pss', { modulusLength: 2048 })
  expect(() => jwt({ publicKey: pem(publicKey) })).toThrow()
})

function privatePem(): string {
  return rsa.privateKey.export({ type: 'pkcs8', format: 'pem' })
}
