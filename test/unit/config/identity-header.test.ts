import { expect, test } from 'vitest'
import { foldHeaderName, isIdentityHeader } from '../../../src/config/identity-header.ts'

test.each(['x-user', 'X-Role', 'Remote-User', 'x-forwarded-user', 'x-forwarded-email', 'x1'])(
  'may carry an identity: %s',
  (name) => {
    expect(isIdentityHeader(name)).toBe(true)
  },
)

test.each([
  '',
  '-',
  'x',
  'x-',
  '-x',
  'x_user',
  'x.user',
  'x user',
  'x-user:',
  'x-üser',
  ':path',
  'Host',
  'connection',
  'Keep-Alive',
  'te',
  'trailer',
  'Transfer-Encoding',
  'Content-Length',
  'content-type',
  'upgrade',
  'expect',
  'http2-settings',
  'origin',
  'cookie',
  'authorization',
  'proxy',
  'proxy-authorization',
  'proxy-connection',
  'Sec-WebSocket-Key',
  'sec-fetch-site',
  'forwarded',
  'via',
  'x-forwarded-for',
  'X-Forwarded-Proto',
  'x-forwarded-host',
  'x-forwarded-port',
  'x-forwarded-prefix',
  'x-real-ip',
  'x-original-url',
  'x-rewrite-url',
])('may not: %j', (name) => {
  expect(isIdentityHeader(name)).toBe(false)
})

test('spellings of one name fold to one', () => {
  expect(['x-user', 'X_User', 'x.USER'].map((name) => foldHeaderName(name))).toEqual([
    'x-user',
    'x-user',
    'x-user',
  ])
})
