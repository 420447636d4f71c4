import { describe, expect, test } from 'vitest'
import { findCredential, splitProtocols } from '../../../src/auth/places.ts'
import type { CredentialPlaces } from '../../../src/auth/places.ts'
import { attempt } from './attempts.ts'
import type { Given } from './attempts.ts'

const bearer: CredentialPlaces = {
  scheme: 'Bearer',
  places: [
    { kind: 'header', name: 'authorization' },
    { kind: 'cookie', name: 'session' },
    { kind: 'query', name: 'token' },
    { kind: 'subprotocol' },
  ],
}
const apiKey: CredentialPlaces = {
  scheme: 'Bearer',
  places: [{ kind: 'header', name: 'x-api-key' }],
}

describe('a credential', () => {
  test.each<[string, Given, string | undefined]>([
    ['nowhere', {}, undefined],
    ['in Authorization', { lines: ['Authorization: Bearer a.b.c'] }, 'a.b.c'],
    ['in Authorization, empty', { lines: ['Authorization: Bearer'] }, ''],
    ['of another scheme', { lines: ['Authorization: Basic YTpi'] }, undefined],
    ['in a cookie', { lines: ['Cookie: a=1; session=a.b.c'] }, 'a.b.c'],
    ['in the query', { target: '/?a=1&token=a.b.c' }, 'a.b.c'],
    ['in the path', { target: '/token=a.b.c' }, undefined],
    ['in two subprotocols', { protocols: ['chat', 'bearer', 'a.b.c'] }, 'a.b.c'],
    ['in one subprotocol', { protocols: ['authorization.bearer.a.b.c'] }, 'a.b.c'],
    ['announced and missing', { protocols: ['chat', 'bearer'] }, ''],
    [
      'on two lines',
      { lines: ['Sec-WebSocket-Protocol: bearer', 'Sec-WebSocket-Protocol: a.b'] },
      'a.b',
    ],
  ])('%s', (_, given, found) => {
    expect(findCredential(bearer, attempt(given))).toBe(found)
  })

  test('in a header of its own is the whole value', () => {
    const given = attempt({ lines: ['X-API-Key: Bearer x'] })
    expect(findCredential(apiKey, given)).toBe('Bearer x')
  })

  test.each<[string, CredentialPlaces, Given]>([
    ['the header twice', apiKey, { lines: ['X-API-Key: a', 'x-api-key: a'] }],
    ['two keys in the query', bearer, { target: '/?token=a&token=a' }],
    ['two spellings of a key', bearer, { target: '/?token=a&%74oken=a' }],
    ['an empty one and another', bearer, { target: '/?token=&token=a' }],
    ['two cookies', bearer, { lines: ['Cookie: session=a; session=a'] }],
    ['header and query', bearer, { target: '/?token=a', lines: ['Authorization: Bearer a'] }],
    ['query and cookie', bearer, { target: '/?token=a', lines: ['Cookie: session=a'] }],
    [
      'cookie and subprotocol',
      bearer,
      { lines: ['Cookie: session=a'], protocols: ['bearer', 'a'] },
    ],
    ['two subprotocols', bearer, { protocols: ['bearer', 'a', 'authorization.bearer.a.b.c'] }],
  ])('is refused where there are two: %s', (_, places, given) => {
    expect(() => findCredential(places, attempt(given))).toThrow(
      expect.objectContaining({ token: 'credentials-invalid' }),
    )
  })
})

test.each([
  [['chat'], ['chat'], []],
  [['bearer', 'x', 'chat'], ['chat'], ['x']],
  [['chat', 'Bearer', 'x'], ['chat'], ['x']],
  [['a', 'authorization.bearer.x.y.z', 'b'], ['a', 'b'], ['x.y.z']],
  [['a', 'AUTHORIZATION.bearer.eC55Lno'], ['a'], ['x.y.z']],
  [['bearer'], [], ['']],
  [['bearers', 'authorization.bearer'], ['bearers', 'authorization.bearer'], []],
])('of %j are %j public and %j secret', (offered, protocols, credentials) => {
  expect(splitProtocols(offered)).toEqual({ protocols, credentials })
})
