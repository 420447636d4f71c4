import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { GatewayError } from '../../../src/errors.ts'
import { parseUpgrade } from '../../../src/handshake/upgrade-request.ts'
import { edgeRequest, upgrade } from '../../support/edge-request.ts'

function refused(token: string) {
  return expect.objectContaining({ name: 'GatewayError', token })
}

test('a whole handshake passes', () => {
  const request = upgrade([
    'Origin: https://app.example.com',
    'Sec-WebSocket-Protocol: chat, superchat',
    'Sec-WebSocket-Protocol: mqtt',
    'Sec-WebSocket-Extensions: foo, permessage-deflate; client_max_window_bits',
    'Sec-WebSocket-Extensions: permessage-deflate',
  ])
  expect(parseUpgrade(request)).toEqual({
    request,
    key: 'dGhlIHNhbXBsZSBub25jZQ==',
    origin: 'https://app.example.com',
    protocols: ['chat', 'superchat', 'mqtt'],
    extensions: [
      { name: 'permessage-deflate', params: [['client_max_window_bits', undefined]] },
      { name: 'permessage-deflate', params: [] },
    ],
  })
})

test('a bare handshake offers nothing', () => {
  expect(parseUpgrade(upgrade())).toMatchObject({
    origin: undefined,
    protocols: [],
    extensions: [],
  })
})

test.each([
  ['POST', ['POST /chat HTTP/1.1']],
  ['HEAD', ['HEAD /chat HTTP/1.1']],
  ['OPTIONS', ['OPTIONS /chat HTTP/1.1']],
  ['HTTP/1.0', ['GET /chat HTTP/1.0']],
])('needs GET and HTTP/1.1, not %s', (_, [start = '']) => {
  const request = edgeRequest([
    start,
    'Host: a',
    'Upgrade: websocket',
    'Connection: Upgrade',
    'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
    'Sec-WebSocket-Version: 13',
  ])
  expect(() => parseUpgrade(request)).toThrow(refused('handshake-invalid'))
})

test.each(['Content-Length: 5', 'Transfer-Encoding: chunked'])('has no body: %s', (line) => {
  expect(() => parseUpgrade(upgrade([line]))).toThrow(refused('handshake-invalid'))
})

describe('Connection', () => {
  test.each(['Upgrade', 'upgrade', 'UPGRADE', 'keep-alive, Upgrade', 'Upgrade,close', ',upgrade,'])(
    '%j names Upgrade',
    (value) => {
      expect(parseUpgrade(upgrade([`Connection: ${value}`])).key).toBeDefined()
    },
  )

  test('may name it on a second line', () => {
    const request = upgrade(['Connection: keep-alive', 'Connection: Upgrade'])
    expect(parseUpgrade(request).key).toBeDefined()
  })

  test.each([
    '',
    'close',
    'keep-alive',
    'Upgraded',
    'x-upgrade',
    'keep-alive Upgrade',
    '"Upgrade"',
    'up-grade',
  ])('%j does not', (value) => {
    expect(() => parseUpgrade(upgrade([`Connection: ${value}`]))).toThrow(
      refused('handshake-invalid'),
    )
  })
})

describe('the key', () => {
  test.each([
    'AAAAAAAAAAAAAAAAAAAAAA==',
    '//////////////////////==',
    '++++++++++++++++++++++==',
    'AQIDBAUGBwgJCgsMDQ4PEC==',
  ])('%s is one', (key) => {
    expect(parseUpgrade(upgrade([`Sec-WebSocket-Key: ${key}`])).key).toBe(key)
  })

  test.each([
    '',
    'x',
    'dGhlIHNhbXBsZSBub25jZQ',
    'dGhlIHNhbXBsZSBub25jZQ=',
    'dGhlIHNhbXBsZSBub25jZQ===',
    'dGhlIHNhbXBsZSBub25jZ==',
    'dGhlIHNhbXBsZSBub25jZQQ==',
    'dGhlIHNhbXBsZSBub25jZQ==, x',
    'dGhlIHNhbXBsZSBub25jZQ== ==',
    'dGhlIHNhbXBsZSBub25jZ_==',
    'dGhlIHNhbXBsZSBub25jZ-==',
    'dGhlIHNhbXBsZSBub25j=Q==',
    'dGhl IHNhbXBsZSBub25jZQ==',
    'dGhlIHNhbXBsZSBub25jZQAA',
    'dGhlIHNhbXBsZSBub25jZQAAAA==',
    '======================',
  ])('%j is none', (key) => {
    expect(() => parseUpgrade(upgrade([`Sec-WebSocket-Key: ${key}`]))).toThrow(
      refused('handshake-invalid'),
    )
  })

  test('is needed', () => {
    const lines = ['GET / HTTP/1.1', 'Host: a', 'Upgrade: websocket', 'Connection: Upgrade']
    const request = edgeRequest([...lines, 'Sec-WebSocket-Version: 13'])
    expect(() => parseUpgrade(request)).toThrow(refused('handshake-invalid'))
  })
})

describe('the version', () => {
  test.each([
    '',
    '0',
    '7',
    '8',
    '12',
    '14',
    '777',
    '013',
    '0x0d',
    '1.3e1',
    '+13',
    '-13',
    '13.0',
    '13,8',
    '13, 13',
    '8, 13',
    '13;',
    '"13"',
    '1 3',
    'thirteen',
    '\xb9\xb3',
    '13x',
  ])('%j is not 13', (version) => {
    expect(() => parseUpgrade(upgrade([`Sec-WebSocket-Version: ${version}`]))).toThrow(
      refused('version-unsupported'),
    )
  })

  test('is needed', () => {
    const request = edgeRequest([
      'GET / HTTP/1.1',
      'Host: a',
      'Upgrade: websocket',
      'Connection: Upgrade',
      'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
    ])
    expect(() => parseUpgrade(request)).toThrow(refused('version-unsupported'))
  })

  test.each(['Connection: close', 'Sec-WebSocket-Key: x', 'Sec-WebSocket-Protocol: a, a'])(
    'is not what is told where the rest is no handshake: %s',
    (line) => {
      const request = upgrade(['Sec-WebSocket-Version: 8', line])
      expect(() => parseUpgrade(request)).toThrow(refused('handshake-invalid'))
    },
  )
})

describe('subprotocols', () => {
  test.each([
    ['chat', ['chat']],
    ['chat,superchat', ['chat', 'superchat']],
    ['chat, Chat', ['chat', 'Chat']],
    ['v12.stomp, v11.stomp', ['v12.stomp', 'v11.stomp']],
    ['__proto__, constructor', ['__proto__', 'constructor']],
    ['chat,, mqtt', ['chat', 'mqtt']],
  ])('%s are read', (value, protocols) => {
    expect(parseUpgrade(upgrade([`Sec-WebSocket-Protocol: ${value}`])).protocols).toEqual(protocols)
  })

  test.each([
    '',
    ',',
    'a b',
    'a, b c',
    'a/b',
    '"a"',
    'a;b',
    'a=b',
    'a, a',
    'a,b,a',
    'a(b)',
    '\xe9',
  ])('%j are refused', (value) => {
    expect(() => parseUpgrade(upgrade([`Sec-WebSocket-Protocol: ${value}`]))).toThrow(
      refused('handshake-invalid'),
    )
  })

  test('are refused twice over two lines', () => {
    const lines = ['Sec-WebSocket-Protocol: a', 'Sec-WebSocket-Protocol: a']
    expect(() => parseUpgrade(upgrade(lines))).toThrow(refused('handshake-invalid'))
  })
})

test.each(['', 'foo;', 'foo bar', 'permessage-deflate; a="', 'permessage-deflate;;'])(
  'extensions are refused: %j',
  (value) => {
    expect(() => parseUpgrade(upgrade([`Sec-WebSocket-Extensions: ${value}`]))).toThrow(
      refused('handshake-invalid'),
    )
  },
)

test('whatever the lists hold, they are read or refused with a token', () => {
  const text = fc.string({ unit: fc.constantFrom(...'ab;=", \\\t13/Uupgrade'.split('')) })
  fc.assert(
    fc.property(text, text, text, (connection, protocol, extensions) => {
      const request = upgrade([
        `Connection: ${connection}`,
        `Sec-WebSocket-Protocol: ${protocol}`,
        `Sec-WebSocket-Extensions: ${extensions}`,
      ])
      try {
        parseUpgrade(request)
      } catch (error) {
        expect(error).toBeInstanceOf(GatewayError)
      }
    }),
  )
})
