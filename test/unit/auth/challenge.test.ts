import { expect, test } from 'vitest'
import { challenge, tokenChallenge } from '../../../src/auth/challenge.ts'
import type { Place } from '../../../src/auth/places.ts'

const header: Place = { kind: 'header', name: 'authorization' }
const cookie: Place = { kind: 'cookie', name: 'session' }

test.each<[readonly Place[], string]>([
  [[header], 'Bearer realm="staff"'],
  [[cookie, header], 'Bearer realm="staff"'],
  [[{ kind: 'query', name: 'token' }], 'Bearer realm="staff"'],
  [[cookie], 'Cookie realm="staff", cookie-name="session"'],
])('a client that may use %j is told %s', (places, text) => {
  expect(tokenChallenge('staff', places)).toBe(text)
})

test('tells what was wrong', () => {
  expect(tokenChallenge('staff', [header], { error: 'invalid_token' })).toBe(
    'Bearer realm="staff", error="invalid_token"',
  )
})

test('is a header value whatever the realm', () => {
  expect(challenge('Basic', { realm: 'a "b" \\c\r\nX: é' })).toBe(
    'Basic realm="a \\"b\\" \\\\c??X: ?"',
  )
})
