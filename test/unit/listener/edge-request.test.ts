import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { GatewayError } from '../../../src/errors.ts'
import { anyText } from '../../support/any-text.ts'
import { edgeRequest, get, requestHead, upgrade } from '../../support/edge-request.ts'

function refused(token: string) {
  return expect.objectContaining({ name: 'GatewayError', token })
}

function lines(count: number): string[] {
  return Array.from({ length: count }, (_, at) => `x-${at}: y`)
}

test('a plain request is read into one view', () => {
  const peer = { address: '2001:db8::7', port: 1, encrypted: true, servername: 'app.example.com' }
  const head = ['GET /a/b?c=d HTTP/1.1', 'hOST: App.Example.com:8443', 'Cookie: x=1', 'Cookie: y=2']
  const request = edgeRequest(head, { peer })
  expect(request).toMatchObject({
    id: 'test',
    method: 'GET',
    httpVersion: '1.1',
    target: '/a/b?c=d',
    path: '/a/b',
    query: '?c=d',
    host: 'app.example.com',
    port: 8443,
    scheme: 'https',
    schemeKnown: true,
    client: '2001:db8::7',
    peer,
    peerTrusted: false,
    hasBody: false,
    contentLength: undefined,
    websocket: false,
    expectsContinue: false,
  })
  expect(request.headers.raw).toEqual(requestHead(head).rawHeaders)
  expect(request.headers.all('cookie')).toEqual(['x=1', 'y=2'])
})

describe('the version', () => {
  test.each(['0.9', '1.2', '2.0', '3.0', '1', '11.1', ''])('HTTP/%s is refused', (version) => {
    const head = [`GET / HTTP/${version}`, 'Host: a']
    expect(() => edgeRequest(head)).toThrow(refused('request-malformed'))
  })
})

describe('the method', () => {
  test.each(['CONNECT', 'TRACE'])('%s is refused', (method) => {
    expect(() => edgeRequest([`${method} / HTTP/1.1`, 'Host: a'])).toThrow(
      refused('method-refused'),
    )
  })

  test('CONNECT is refused as a method, whatever its target', () => {
    expect(() => edgeRequest(['CONNECT a:443 HTTP/1.1', 'Host: a:443'])).toThrow(
      refused('method-refused'),
    )
  })

  test.each(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'PROPFIND', 'M-SEARCH', 'QUERY'])(
    '%s passes',
    (method) => {
      expect(edgeRequest([`${method} / HTTP/1.1`, 'Host: a']).method).toBe(method)
    },
  )
})

describe('the Host', () => {
  test.each(['', 'a b', 'a,b', 'a/b', 'a@b', 'a..b', '[::1', 'a:0', 'a:80x', 'a:65536'])(
    'is refused: %j',
    (host) => {
      expect(() => edgeRequest(['GET / HTTP/1.1', `Host: ${host}`])).toThrow(
        refused('request-malformed'),
      )
      expect(() => edgeRequest(['GET / HTTP/1.0', `Host: ${host}`])).toThrow(
        refused('request-malformed'),
      )
    },
  )

  test('is missing in HTTP/1.0 only', () => {
    expect(edgeRequest(['GET / HTTP/1.0'])).toMatchObject({ host: '', port: undefined })
    expect(() => edgeRequest(['GET / HTTP/1.1'])).toThrow(refused('request-malformed'))
  })

  test('of an upgrade is needed too', () => {
    const head = ['GET / HTTP/1.1', 'Upgrade: websocket', 'Connection: Upgrade']
    expect(() => edgeRequest(head)).toThrow(refused('request-malformed'))
  })
})

describe('a header that must come once', () => {
  test.each([
    ['Host: app.example.com'],
    ['Authorization: a', 'Authorization: a'],
    ['Origin: https://a', 'origin: https://b'],
    ['Content-Length: 0', 'Content-Length: 0'],
    ['Transfer-Encoding: chunked', 'TRANSFER-ENCODING: chunked'],
    ['Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==', 'Sec-WebSocket-Key: x'],
    ['Sec-WebSocket-Version: 13', 'Sec-WebSocket-Version: 13'],
  ])('%s %s', (...lines) => {
    expect(() => get('/', lines)).toThrow(refused('request-malformed'))
  })

  test('lists over several lines pass', () => {
    const lines = ['Upgrade: h2c', 'Upgrade: WebSocket', 'Connection: a', 'Connection: b']
    const protocols = ['Sec-WebSocket-Protocol: a', 'Sec-WebSocket-Protocol: b']
    expect(get('/', [...lines, ...protocols]).websocket).toBe(true)
  })
})

describe('the size of the head', () => {
  test('100 lines pass, 101 do not', () => {
    expect(get('/', lines(99)).headers.raw).toHaveLength(200)
    expect(() => get('/', lines(100))).toThrow(refused('head-too-big'))
  })

  test('16 KiB pass, a byte more does not', () => {
    const bytes = 'GET / HTTP/1.1\r\nHost: app.example.com\r\nx: \r\n\r\n'.length
    expect(get('/', [`x: ${'y'.repeat(16_384 - bytes)}`]).host).toBe('app.example.com')
    expect(() => get('/', [`x: ${'y'.repeat(16_385 - bytes)}`])).toThrow(refused('head-too-big'))
    expect(() => get(`/${'y'.repeat(16_384)}`)).toThrow(refused('head-too-big'))
  })

  test('is looked at before anything that the lines say', () => {
    expect(() => get('/', [...lines(100), 'Host: other'])).toThrow(refused('head-too-big'))
  })
})

describe('header lines', () => {
  test.each(['', 'a b', 'a\t', 'a(', 'a/b', 'a"', '\xe9', 'a\0', 'a@'])(
    'a name is refused: %j',
    (name) => {
      expect(() => get('/', [`${name}: x`])).toThrow(refused('request-malformed'))
    },
  )

  test.each(['a\0b', 'a\rb', 'a\nb', 'a\x0bb', 'a\x0cb', 'a\x1fb', 'a\x7fb'])(
    'a value is refused: %j',
    (value) => {
      expect(() => get('/', [`X-Test: ${value}`])).toThrow(refused('request-malformed'))
    },
  )

  test('a tab and bytes beyond ASCII pass', () => {
    expect(get('/', ['X-Test: a\tb \xe9\xff']).headers.one('x-test')).toBe('a\tb \xe9\xff')
  })

  test.each(['__proto__', 'constructor', 'prototype', 'hasOwnProperty'])(
    '%s is harmless',
    (name) => {
      expect(get('/', [`${name}: x`]).websocket).toBe(false)
    },
  )
})

describe('Upgrade', () => {
  test.each([
    ['websocket', true],
    ['WebSocket', true],
    ['WEBSOCKET', true],
    ['h2c, websocket', true],
    ['websocket, h2c', true],
    ['websocket,', true],
    ['\twebsocket\t', true],
    ['foo,websocket,bar', true],
    ['', false],
    ['h2c', false],
    ['TLS/1.0', false],
    ['websocket/13', false],
    ['websockets', false],
    ['xwebsocket', false],
    ['web socket', false],
    ['websocket h2c', false],
    ['"websocket"', false],
    ['websocket;v=13', false],
  ])('%j is a WebSocket: %s', (value, websocket) => {
    expect(get('/', [`Upgrade: ${value}`]).websocket).toBe(websocket)
  })

  test('does not need the rest of the handshake to be one', () => {
    expect(edgeRequest(['POST / HTTP/1.0', 'Upgrade: websocket']).websocket).toBe(true)
  })
})

describe('Expect', () => {
  test.each([
    [['Expect: 100-continue'], true],
    [['expect: 100-Continue'], true],
    [['Expect: 100-continue', 'Expect: 100-continue'], true],
    [[], false],
  ])('%j waits: %s', (lines, expectsContinue) => {
    expect(get('/', lines).expectsContinue).toBe(expectsContinue)
  })

  test.each(['', '100', '200-ok', '100-continue, x', '100-continue;x', '"100-continue"'])(
    '%j is refused',
    (value) => {
      expect(() => get('/', [`Expect: ${value}`])).toThrow(refused('expectation-unsupported'))
    },
  )

  test('asks HTTP/1.0 for nothing', () => {
    const request = edgeRequest(['POST / HTTP/1.0', 'Expect: 100-continue'])
    expect(request.expectsContinue).toBe(false)
  })
})

test('whatever a head holds, it is read or refused with a token', () => {
  const name = fc.constantFrom(
    'Host',
    'host',
    'Upgrade',
    'Connection',
    'Content-Length',
    'Transfer-Encoding',
    'Expect',
    'X-Forwarded-For',
    'X-Forwarded-Proto',
    '__proto__',
    'Origin',
    'x y',
    '',
  )
  const value = fc.oneof(
    fc.constantFrom('a', 'a:80', '[::1]', '5', 'chunked', 'websocket', '100-continue', 'https'),
    anyText({ maxLength: 20 }),
  )
  const head = fc.record({
    method: fc.constantFrom('GET', 'POST', 'OPTIONS', 'CONNECT', ''),
    target: fc.oneof(fc.constantFrom('/', '*', 'http://a/'), anyText()),
    httpVersion: fc.constantFrom('1.0', '1.1', '2.0'),
    headers: fc.array(fc.tuple(name, value), { maxLength: 6 }),
  })
  fc.assert(
    fc.property(head, ({ method, target, httpVersion, headers }) => {
      const lines = headers.map(([name, value]) => `${name}: ${value}`)
      try {
        edgeRequest([`${method} ${target} HTTP/${httpVersion}`, ...lines], {
          trustedProxies: ['203.0.113.0/24'],
        })
      } catch (error) {
        expect(error).toBeInstanceOf(GatewayError)
      }
    }),
    { numRuns: 2000 },
  )
})

test('a whole handshake is a WebSocket without a body', () => {
  expect(upgrade()).toMatchObject({ websocket: true, hasBody: false, path: '/chat' })
  expect(upgrade(['Content-Length: 0'])).toMatchObject({ hasBody: false, contentLength: 0 })
})
