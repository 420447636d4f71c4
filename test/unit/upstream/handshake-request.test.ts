import { expect, test } from 'vitest'
import { freshKey, handshakeRequest } from '../../../src/upstream/handshake-request.ts'

const offer = { target: '/a?b', headers: ['Host', 'x'], protocols: [], extensions: [] }

test('no key comes twice, and each is 16 bytes', () => {
  const keys = Array.from({ length: 1_000 }, freshKey)
  expect(new Set(keys).size).toBe(keys.length)
  for (const key of keys) expect(key).toMatch(/^[A-Za-z0-9+/]{22}==$/)
})

test('the lines come before those of the handshake', () => {
  expect(handshakeRequest(offer, 'KEY').split('\r\n')).toEqual([
    'GET /a?b HTTP/1.1',
    'Host: x',
    'Connection: Upgrade',
    'Upgrade: websocket',
    'Sec-WebSocket-Version: 13',
    'Sec-WebSocket-Key: KEY',
    '',
    '',
  ])
})

test.each([
  ['a blank in the target', { target: '/a b' }],
  ['a line break in the target', { target: '/a\r\nX: y' }],
  ['a line break in a value', { headers: ['X', 'a\r\nY: b'] }],
  ['a bare LF in a value', { headers: ['X', 'a\nb'] }],
  ['a character beyond latin1 in a value', { headers: ['X', '\u0141'] }],
  ['a colon in a name', { headers: ['X: y\r\nZ', 'a'] }],
  ['no name', { headers: ['', 'a'] }],
])('is not written with %s', (_, change) => {
  expect(() => handshakeRequest({ ...offer, ...change }, 'KEY')).toThrow(TypeError)
})
