import { expect, test } from 'vitest'
import { parseBasicCredentials } from '../../../src/auth/basic-credentials.ts'

const base64 = (text: string | Buffer): string => Buffer.from(text).toString('base64')

test.each([
  ['a name and a password', 'ada:secret', { name: 'ada', password: 'secret' }],
  ['colons in the password', 'ada:a:b:', { name: 'ada', password: 'a:b:' }],
  ['an empty password', 'ada:', { name: 'ada', password: '' }],
  ['blanks', ' ada : x ', { name: ' ada ', password: ' x ' }],
  ['UTF-8', 'jürgen:пароль', { name: 'jürgen', password: 'пароль' }],
  ['a byte order mark', '\ufeffada:x', { name: '\ufeffada', password: 'x' }],
  ['__proto__', '__proto__:x', { name: '__proto__', password: 'x' }],
])('reads %s', (_, text, expected) => {
  expect(parseBasicCredentials(base64(text))).toEqual(expected)
})

test('reads what can stand in a query or a subprotocol: no padding, the alphabet of base64url', () => {
  const expected = { name: 'ada', password: '???>>>' }
  expect(parseBasicCredentials(Buffer.from('ada:???>>>').toString('base64url'))).toEqual(expected)
  expect(parseBasicCredentials('YWRhOnNlY3JldA')).toEqual({ name: 'ada', password: 'secret' })
})

test.each([
  ['nothing', ''],
  ['no colon', base64('ada')],
  ['no name', base64(':secret')],
  ['a NUL in the password', base64('ada:se\0cret')],
  ['a line feed in the name', base64('ada\n:secret')],
  ['DEL', base64('ada:\x7f')],
  ['Latin-1', base64(Buffer.from('jürgen:x', 'latin1'))],
  ['an overlong form of UTF-8', base64(Buffer.from('6164c0ba78', 'hex'))],
  ['no base64', 'ada:secret'],
  ['a blank in base64', 'YWRh OnNlY3JldA=='],
  ['base64 with text behind it', 'YWRhOnNlY3JldA==x'],
  ['bits behind the end', 'YWRhOnNlY3JldB=='],
  ['the alphabet of base64url', base64('ada:???>>>').replaceAll('/', '_').replaceAll('+', '-')],
  ['a comma', 'YWRhOnNlY3JldA==, YWRhOnNlY3JldA=='],
])('takes for nothing: %s', (_, text) => {
  expect(parseBasicCredentials(text)).toBeUndefined()
})
