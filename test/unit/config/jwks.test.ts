import { generateKeyPairSync } from 'node:crypto'
import { expect, test } from 'vitest'
import { faultOfJwks } from '../../../src/config/jwks.ts'

const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
const good = { ...publicKey.export({ format: 'jwk' }), kid: 'a' }
const set = (...keys: unknown[]) => JSON.stringify({ keys })

test('a set may hold keys of other kinds beside one for signatures', () => {
  expect(faultOfJwks(set(good))).toBeUndefined()
  expect(
    faultOfJwks(set({ ...good, use: 'enc' }, { kty: 'new' }, { ...good, use: 'sig' })),
  ).toBeUndefined()
})

test.each([
  ['hunter2', 'is no JSON'],
  ['', 'is no JSON'],
  ['null', 'is no key set'],
  ['[]', 'is no key set'],
  ['{}', 'is no key set'],
  ['{"keys":{}}', 'is no key set'],
  [set(), 'holds no key for signatures'],
  [set(null), 'holds something else'],
  [set({ kty: 'new' }), 'holds a key that cannot be read'],
  [set({ ...good, use: 'enc' }), 'holds no key for signatures'],
  [set(good, { kty: 'oct', k: 'AAAA' }), 'holds a symmetric key'],
  [set(good, privateKey.export({ format: 'jwk' })), 'holds a private key'],
  [set(...Array.from({ length: 101 }, () => good)), 'holds more than 100 keys'],
])('refuses %j', (text, why) => {
  expect(faultOfJwks(text)).toBe(why)
})
