import { expect, test } from 'vitest'
import { Fingerprints } from '../../../src/auth/fingerprint.ts'

test('the same credential has the same name, another one another', () => {
  const fingerprints = new Fingerprints()
  expect(fingerprints.of('a')).toBe(fingerprints.of('a'))
  expect(fingerprints.of('a')).not.toBe(fingerprints.of('b'))
  expect(fingerprints.of('a')).toMatch(/^[\w-]{43}$/)
})

test('who does not know the key cannot tell what a name stands for', () => {
  expect(new Fingerprints().of('a')).not.toBe(new Fingerprints().of('a'))
})
