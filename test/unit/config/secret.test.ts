import { expect, test } from 'vitest'
import { holdsSecret, withoutUserinfo } from '../../../src/config/secret.ts'

test.each([
  [['admin', 'token']],
  [['x', 'password']],
  [['x', 'clientSecret']],
  [['x', 'api_keys', 0]],
  [['x-api-key']],
  [['listeners', 'edge', 'tls', 'certificates', 0, 'key']],
  [['authenticators', 'a', 'secret', 'value']],
  [['credentials', 'user']],
])('holds a secret: %j', (path) => {
  expect(holdsSecret(path)).toBe(true)
})

test.each([
  [['timeouts', 'keepAlive']],
  [['monitor', 'bind']],
  [['routes', 0, 'match']],
  [['monkey']],
  [[]],
])('does not: %j', (path) => {
  expect(holdsSecret(path)).toBe(false)
})

test('the user and the password of a URL are taken out', () => {
  expect(withoutUserinfo('a http://user:pa@ss@host/x, b')).toBe('a http://[redacted]@host/x, b')
  expect(withoutUserinfo('http://host/@x')).toBe('http://host/@x')
})
