import { format, inspect } from 'node:util'
import { expect, test } from 'vitest'
import { holdsSecret, Secret, withoutLogin, withoutUserinfo } from '../../../src/config/secret.ts'

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

test.each([
  ['redis://:hunter2@cache:6379', 'redis://[redacted]@cache:6379'],
  ['"redis://ada:hun/ter2@cache:6379/0"', '"redis://[redacted]@cache:6379/0"'],
  ['redis://:/hunter2@cache', 'redis://[redacted]@cache'],
  ['http://ada:hun?ter2#@cache/{token}', 'http://[redacted]@cache/{token}'],
  ['http://ada:hunter 2@cache', 'http://[redacted]@cache'],
  ['http://ada:hun\nter2@cache', 'http://[redacted]@cache'],
  ['http://ada:hun@ter2@cache', 'http://[redacted]@cache'],
  ['"redis:/:hunter2@cache"', '"[redacted]@cache"'],
  ['ada:hunter2@cache:6379', '[redacted]@cache:6379'],
  [':hun//ter2@cache', '[redacted]@cache'],
  ['//hunter2@cache', '//[redacted]@cache'],
  ['|\n http://hunter2@cache', '[redacted]@cache'],
  ['unix:/run/a@b.sock', 'unix:/run/a@b.sock'],
  ['"unix:/run/a@b.sock"', '"unix:/run/a@b.sock"'],
  ['/srv/@web', '/srv/@web'],
  ['ada@example.com', 'ada@example.com'],
  ['http://cache/x', 'http://cache/x'],
])('of what may be no URL all is taken out that could be a login: %j', (text, shown) => {
  expect(withoutLogin(text)).toBe(shown)
})

test('what stands under a method is no secret because the method is called apiKey', () => {
  expect(holdsSecret(['authenticators', 'token', 'apiKey', 'header'])).toBe(false)
  expect(holdsSecret(['authenticators', 'token', 'apiKey', 'keys'])).toBe(true)
  expect(holdsSecret(['authenticators', 'a', 'jwt', 'secret'])).toBe(true)
  expect(holdsSecret(['authenticators', 'a', 'jwt', 'publicKey'])).toBe(true)
})

test('a secret is shown only where it is asked to', () => {
  const secret = new Secret('hunter2')
  expect(secret.reveal()).toBe('hunter2')
  const printed = [
    String(secret),
    JSON.stringify({ secret }),
    inspect({ secret }),
    inspect(secret, { depth: 9, showHidden: true, customInspect: false }),
    format('%s %o %j', secret, secret, secret),
    Object.entries(secret).join(),
    JSON.stringify(structuredClone(secret)),
  ].join()
  expect(printed).not.toContain('hunter2')
  expect(inspect([secret])).toBe('[ [redacted] ]')
})
