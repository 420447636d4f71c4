import { expect, test } from 'vitest'
import { parseTargetPlace } from '../../../src/config/target-place.ts'

test.each([
  ['query:token', { kind: 'query', name: 'token' }],
  ['header:X-Target', { kind: 'header', name: 'x-target' }],
  ['path', { kind: 'path' }],
  ['host', { kind: 'host' }],
  ['identity:subject', { kind: 'subject' }],
  ['identity:claims', { kind: 'claim', path: undefined }],
  ['identity:claims.target', { kind: 'claim', path: 'target' }],
  ['identity:claims.a.b', { kind: 'claim', path: 'a.b' }],
])('%s', (text, place) => expect(parseTargetPlace(text)).toEqual(place))

test.each([
  '',
  'query',
  'query:',
  'query:a b',
  'header:',
  'header:a b',
  'cookie:token',
  'identity',
  'identity:name',
  'identity:claims.',
  'Path',
])('%j is no place', (text) => expect(parseTargetPlace(text)).toBeUndefined())
