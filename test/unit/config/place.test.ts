import { expect, test } from 'vitest'
import { parsePlace } from '../../../src/config/place.ts'

test.each([
  ['header', { kind: 'header', name: 'authorization' }],
  ['subprotocol', { kind: 'subprotocol' }],
  ['query:access_token', { kind: 'query', name: 'access_token' }],
  ['cookie:__Host-session', { kind: 'cookie', name: '__Host-session' }],
])('reads %s', (text, place) => {
  expect(parsePlace(text, 'authorization')).toEqual(place)
})

test.each([
  '',
  'Header',
  'header:x',
  'body',
  'query',
  'query:',
  'query:a b',
  'query:a=b',
  'query:a&b',
  'query:%61',
  'cookie:',
  'cookie:a=b',
  'cookie:a;b',
  'cookie: a',
  'subprotocol:x',
  'query:a\nb',
])('is no place: %j', (text) => {
  expect(parsePlace(text, 'authorization')).toBeUndefined()
})
