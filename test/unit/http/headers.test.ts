import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { answerTrailers, outboundHeaders, responseHeaders } from '../../../src/http/headers.ts'
import type { OutboundOptions } from '../../../src/http/headers.ts'
import { edgeRequest, get, upgrade } from '../../support/edge-request.ts'
import type { EdgeRequest } from '../../../src/listener/edge-request.ts'

const usual: OutboundOptions = {
  identityHeaders: new Set(['x-user', 'x-role']),
  upgrade: false,
}

const trusted = { peer: { address: '10.0.0.1' }, trustedProxies: ['10.0.0.0/8'] }

/** What goes out, as lines. */
function lines(request: EdgeRequest, options: Partial<OutboundOptions> = {}): string[] {
  return joined(outboundHeaders(request, { ...usual, ...options }))
}

function joined(raw: readonly string[]): string[] {
  return raw.flatMap((name, at) => (at % 2 === 0 ? [`${name}: ${raw[at + 1]}`] : []))
}

/** What goes out of the client's own lines. */
function passed(own: readonly string[], trust = {}): string[] {
  const ours = /^(?:Host|X-Forwarded-(?:For|Proto|Host|Port)|Forwarded): /
  return lines(get('/', own, trust)).filter((line) => !ours.test(line))
}

test('an ordinary request goes out whole, ours last', () => {
  const request = get('/', ['User-Agent: x', 'accept: */*', 'Cookie: a=1', 'Cookie: b=2'])
  expect(lines(request)).toEqual([
    'Host: app.example.com',
    'User-Agent: x',
    'accept: */*',
    'Cookie: a=1',
    'Cookie: b=2',
    'X-Forwarded-For: 203.0.113.7',
    'X-Forwarded-Proto: http',
    'X-Forwarded-Host: app.example.com',
    'X-Forwarded-Port: 80',
    'Forwarded: for=203.0.113.7;host=app.example.com;proto=http',
  ])
})

describe('Host', () => {
  test.each([
    ['App.Example.com.:8443', 'app.example.com:8443'],
    ['app.example.com', 'app.example.com'],
    ['app.example.com:80', 'app.example.com:80'],
  ])('%s goes out as it was understood: %s', (host, expected) => {
    const request = edgeRequest(['GET / HTTP/1.1', `Host: ${host}`])
    expect(lines(request)[0]).toBe(`Host: ${expected}`)
  })

  test('that HTTP/1.0 does not send is left to the upstream', () => {
    expect(lines(edgeRequest(['GET / HTTP/1.0']))).toEqual([
      'X-Forwarded-For: 203.0.113.7',
      'X-Forwarded-Proto: http',
      'X-Forwarded-Port: 80',
      'Forwarded: for=203.0.113.7;proto=http',
    ])
  })
})

describe('what belongs to the connection stays behind', () => {
  test.each([
    'Connection: keep-alive',
    'Keep-Alive: timeout=5',
    'Proxy-Connection: keep-alive',
    'Proxy-Authorization: Basic eA==',
    'Proxy-Authenticate: Basic',
    'Proxy: http://evil.test',
    'TE: gzip',
    'Trailer: X-Sum',
    'Upgrade: h2c',
    'HTTP2-Settings: AAMAAABkAAQAAP__',
    'Expect: 100-continue',
    'Content-Length: 0',
  ])('%s', (line) => {
    expect(passed([line])).toEqual([])
  })

  test('the names in Connection with it', () => {
    const own = [
      'Connection: X-One, close',
      'connection: x-TWO',
      'X-One: 1',
      'x-two: 2',
      'X-Three: 3',
    ]
    expect(passed(own)).toEqual(['X-Three: 3'])
  })

  test.each([
    'Origin: https://a.test',
    'Cookie: a=1',
    'Authorization: Bearer x',
    'Sec-WebSocket-Protocol: chat',
  ])('but not %s', (line) => {
    const name = line.slice(0, line.indexOf(':'))
    expect(passed([`Connection: ${name}`, line])).toEqual([line])
  })

  test('nor Host, framing, or what the gateway says', () => {
    const names = 'Host, Content-Length, Transfer-Encoding, X-Forwarded-For, Forwarded, X-User'
    const request = edgeRequest([
      'POST / HTTP/1.1',
      'Host: app.example.com',
      `Connection: ${names}, X-Forwarded-Proto, X-Forwarded-Host, X-Forwarded-Port`,
      'Content-Length: 5',
    ])
    expect(lines(request)).toEqual([
      'Host: app.example.com',
      'Content-Length: 5',
      'X-Forwarded-For: 203.0.113.7',
      'X-Forwarded-Proto: http',
      'X-Forwarded-Host: app.example.com',
      'X-Forwarded-Port: 80',
      'Forwarded: for=203.0.113.7;host=app.example.com;proto=http',
    ])
  })

  test('nor what a trusted proxy says of the client', () => {
    const own = ['Connection: X-Real-IP, X-Forwarded-For', 'X-Real-IP: 192.0.2.1']
    expect(passed(own, trusted)).toEqual(['X-Real-IP: 192.0.2.1'])
    const request = get('/', ['Connection: X-Forwarded-For', 'X-Forwarded-For: 192.0.2.1'], trusted)
    expect(lines(request)).toContain('X-Forwarded-For: 192.0.2.1, 10.0.0.1')
  })

  test.each([
    ['trailers', true],
    ['Trailers', true],
    ['gzip, trailers;q=0.5', true],
    ['gzip', false],
    ['xtrailers', false],
  ])('TE: %s asks for trailers: %s', (value, asks) => {
    expect(passed([`TE: ${value}`])).toEqual(asks ? ['TE: trailers'] : [])
    expect(lines(upgrade([`TE: ${value}`]), { upgrade: true }).join()).not.toContain('TE:')
  })
})

test('a body keeps its length, a chunked one is framed anew', () => {
  const post = ['POST / HTTP/1.1', 'Host: a']
  expect(lines(edgeRequest([...post, 'Content-Length: 5']))).toContain('Content-Length: 5')
  expect(lines(edgeRequest([...post, 'Transfer-Encoding: chunked'])).join()).not.toMatch(
    /Transfer-Encoding|Content-Length/,
  )
})

test('an upgrade leaves its handshake behind', () => {
  const request = upgrade([
    'Origin: https://app.example.com',
    'Sec-WebSocket-Protocol: chat',
    'Sec-WebSocket-Extensions: permessage-deflate',
    'sec-websocket-foo: x',
    'Content-Length: 0',
  ])
  const own = lines(request, { upgrade: true }).filter((line) => !/^(?:X-)?Forwarded/.test(line))
  expect(own).toEqual(['Host: app.example.com', 'Origin: https://app.example.com'])
})

describe('identity headers', () => {
  test.each([
    'X-User: root',
    'x-user: root',
    'X_User: root',
    'x.user: root',
    "X'User: root",
    'X~Role: admin',
    'X-Role: admin',
  ])('%s is nobody’s to send', (line) => {
    expect(passed([line])).toEqual([])
    expect(passed([line], trusted)).toEqual([])
  })

  test('have names, not prefixes', () => {
    const own = ['X-User-Agent: x', 'X-Users: x', 'X--User: x']
    expect(passed(own)).toEqual(own)
  })
})

test.each(['X_Test: 1', 'Content_Length: 5', '_: x', 'X_Forwarded_For: 192.0.2.1'])(
  'an underscore in a name: %s is dropped',
  (line) => {
    expect(passed([line])).toEqual([])
    expect(passed([line], trusted)).toEqual([])
  },
)

describe('forwarding headers', () => {
  const families = [
    'Forwarded: for=192.0.2.1',
    'X-Forwarded-For: 192.0.2.1',
    'X-Forwarded-Proto: https',
    'X-Forwarded-Host: evil.test',
    'X-Forwarded-Port: 1',
    'X-Forwarded-Server: evil.test',
    'X-Forwarded-Ssl: on',
    'X-Forwarded: for=192.0.2.1',
    'X.Forwarded.For: 192.0.2.1',
    'X-Real-IP: 192.0.2.1',
    'X-Client-IP: 192.0.2.1',
    'True-Client-IP: 192.0.2.1',
    'CF-Connecting-IP: 192.0.2.1',
    'X-Cluster-Client-IP: 192.0.2.1',
    'X-Envoy-External-Address: 192.0.2.1',
    'X-Envoy-Internal: true',
  ]
  const paths = [
    'X-Original-URL: /admin',
    'X-Original-Uri: /admin',
    'X-Original-Host: evil.test',
    'X-Rewrite-URL: /admin',
    'X-Forwarded-Uri: /admin',
    'X-Forwarded-Path: /admin',
    'X-Forwarded-Prefix: /admin',
    'x-forwarded-prefix: /admin',
    'X-Envoy-Original-Path: /admin',
  ]

  test.each([...families, ...paths])('%s of a client is dropped', (line) => {
    expect(passed([line])).toEqual([])
    expect(lines(get('/', [line])).join('\n')).not.toMatch(/192\.0\.2\.1|evil\.test|admin/)
  })

  test.each(paths)('%s of a trusted proxy too: it carries a path', (line) => {
    expect(passed([line], trusted)).toEqual([])
  })

  test.each(['X-Real-IP: 192.0.2.1', 'X-Forwarded-Server: a', 'CF-Connecting-IP: 192.0.2.1'])(
    '%s of a trusted proxy passes',
    (line) => {
      expect(passed([line], trusted)).toEqual([line])
    },
  )

  test('a trusted proxy is appended to what it says', () => {
    const request = get(
      '/',
      [
        'X-Forwarded-For: 198.51.100.9',
        'X-Forwarded-For: 192.0.2.1',
        'X-Forwarded-Proto: wss',
        'X-Forwarded-Host: www.example.com',
        'X-Forwarded-Port: 9999',
        'Forwarded: for=spoofed',
      ],
      trusted,
    )
    expect(lines(request)).toEqual([
      'Host: app.example.com',
      'X-Forwarded-For: 198.51.100.9, 192.0.2.1, 10.0.0.1',
      'X-Forwarded-Proto: https',
      'X-Forwarded-Host: www.example.com',
      'X-Forwarded-Port: 443',
      'Forwarded: for=192.0.2.1;host=app.example.com;proto=https, for=10.0.0.1',
    ])
  })

  test('a trusted proxy that says nothing is the client', () => {
    expect(lines(get('/', [], trusted)).slice(1)).toEqual([
      'X-Forwarded-For: 10.0.0.1',
      'X-Forwarded-Proto: http',
      'X-Forwarded-Host: app.example.com',
      'X-Forwarded-Port: 80',
      'Forwarded: for=10.0.0.1;host=app.example.com;proto=http',
    ])
  })

  test('the port is that of the Host, and quotes stand where RFC 7239 wants them', () => {
    const peer = { address: '2001:db8::7', encrypted: true }
    const request = edgeRequest(['GET / HTTP/1.1', 'Host: [::1]:8443'], { peer })
    expect(lines(request).slice(1)).toEqual([
      'X-Forwarded-For: 2001:db8::7',
      'X-Forwarded-Proto: https',
      'X-Forwarded-Host: [::1]:8443',
      'X-Forwarded-Port: 8443',
      'Forwarded: for="[2001:db8::7]";host="[::1]:8443";proto=https',
    ])
  })

  test('a WebSocket has an http scheme as well', () => {
    const out = lines(upgrade([], { peer: { encrypted: true } }), { upgrade: true })
    expect(out).toContain('X-Forwarded-Proto: https')
  })

  test('a peer on a unix socket is unknown', () => {
    const peer = { address: 'unix', port: undefined }
    expect(lines(get('/', [], { peer }))).toEqual(
      expect.arrayContaining([
        'X-Forwarded-For: unknown',
        'Forwarded: for=unknown;host=app.example.com;proto=http',
      ]),
    )
  })
})

test.each(['__proto__', 'constructor', 'toString', 'hasOwnProperty'])(
  'a header called %s is a header',
  (name) => {
    const expected = name.includes('_') ? [] : [`${name}: x`]
    expect(passed([`${name}: x`])).toEqual(expected)
    expect(passed([`Connection: ${name}`, `${name}: x`])).toEqual([])
  },
)

test('no choice of lines brings a name of ours twice', () => {
  const name = fc.constantFrom(
    'X-Forwarded-For',
    'x-forwarded-host',
    'FORWARDED',
    'X.Forwarded.Proto',
    'Connection',
    'X-User',
    'x_user',
    'Accept',
  )
  const value = fc.constantFrom('192.0.2.1', 'close', 'X-Forwarded-For, Host, Forwarded', 'x-user')
  fc.assert(
    fc.property(fc.array(fc.tuple(name, value), { maxLength: 12 }), (own) => {
      const out = outboundHeaders(
        get(
          '/',
          own.map((pair) => pair.join(': ')),
        ),
        usual,
      )
      const names = out.filter((_, at) => at % 2 === 0).map((name) => name.toLowerCase())
      for (const ours of ['host', 'x-forwarded-for', 'x-forwarded-proto', 'forwarded']) {
        expect(names.filter((name) => name === ours)).toHaveLength(1)
      }
      expect(
        names.some(
          (name) => /^x.(?:user|forwarded.proto)$/.test(name) && name !== 'x-forwarded-proto',
        ),
      ).toBe(false)
      expect(names).not.toContain('connection')
    }),
  )
})

describe('an answer', () => {
  test('goes out without what belongs to the connection', () => {
    const raw = [
      ['Content-Type', 'text/plain'],
      ['Connection', 'close, X-Hop, Content-Length'],
      ['X-Hop', '1'],
      ['Content-Length', '5'],
      ['Keep-Alive', 'timeout=5'],
      ['Transfer-Encoding', 'chunked'],
      ['Trailer', 'X-Sum'],
      ['Upgrade', 'h2c'],
      ['Proxy-Authenticate', 'Basic'],
      ['Set-Cookie', 'a=1'],
      ['set-cookie', 'b=2'],
      ['Sec-WebSocket-Version', '13'],
    ].flat()
    expect(joined(responseHeaders(raw))).toEqual([
      'Content-Type: text/plain',
      'Content-Length: 5',
      'Set-Cookie: a=1',
      'set-cookie: b=2',
      'Sec-WebSocket-Version: 13',
    ])
  })

  test('keeps of its trailers what does not change what came before', () => {
    const raw = ['X-Sum', '1', 'Grpc-Status', '0', 'Content-Length', '9', 'set-cookie', 'a=1']
    expect(joined(answerTrailers([...raw, 'Transfer-Encoding', 'chunked', 'Host', 'a']))).toEqual([
      'X-Sum: 1',
      'Grpc-Status: 0',
    ])
  })
})
