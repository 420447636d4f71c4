import type { Row } from './http-run.ts'

const smuggled = 'GET /smuggled HTTP/1.1\r\nHost: a.example\r\n\r\n'
const malformed = '400 request-malformed, closed'
const unmet = '417 expectation-unsupported, closed'
const bothPosts = ['POST /p hello', 'GET /smuggled']

function post(lines: string, body = 'hello'): string {
  return `POST /p HTTP/1.1\r\nHost: a.example\r\n${lines}\r\n${body}${smuggled}`
}

function get(lines: string): string {
  return `GET /x HTTP/1.1\r\nHost: a.example\r\n${lines}\r\n${smuggled}`
}

export const expectations: readonly Row[] = [
  [
    'expect-100',
    post('Expect: 100-continue\r\nContent-Length: 5\r\n'),
    '100, 200, 200, open',
    bothPosts,
  ],
  [
    'expect-100-upper-case',
    post('EXPECT: 100-CONTINUE\r\nContent-Length: 5\r\n'),
    '100, 200, 200, open',
    bothPosts,
  ],
  [
    'expect-100-chunked',
    post('Expect: 100-continue\r\nTransfer-Encoding: chunked\r\n', '5\r\nhello\r\n0\r\n\r\n'),
    '100, 200, 200, open',
    bothPosts,
  ],
  [
    'expect-100-twice',
    post('Expect: 100-continue\r\nExpect: 100-continue\r\nContent-Length: 5\r\n'),
    '100, 200, 200, open',
    bothPosts,
  ],
  ['expect-100-no-body', get('Expect: 100-continue\r\n'), '200, closed', ['GET /x']],
  [
    'expect-100-too-big',
    post('Expect: 100-continue\r\nContent-Length: 104857601\r\n'),
    '413 body-too-big, closed',
  ],
  [
    'expect-100-both-framings',
    post('Expect: 100-continue\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n'),
    malformed,
  ],
  [
    'expect-100-bad-host',
    'POST /p HTTP/1.1\r\nHost: a/b\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\nhello',
    malformed,
  ],
  [
    'expect-100-http-1.0',
    'POST /p HTTP/1.0\r\nHost: a.example\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\nhello',
    '200, closed',
    ['POST /p hello'],
  ],
  ['expect-other', post('Expect: 200-ok\r\nContent-Length: 5\r\n'), unmet],
  ['expect-empty', post('Expect:\r\nContent-Length: 5\r\n'), unmet],
  ['expect-list', post('Expect: 100-continue, x\r\nContent-Length: 5\r\n'), unmet],
  ['expect-list-first', post('Expect: x, 100-continue\r\nContent-Length: 5\r\n'), unmet],
  ['expect-two-lines', post('Expect: 100-continue\r\nExpect: x\r\nContent-Length: 5\r\n'), unmet],
  ['expect-parameter', post('Expect: 100-continue;q=1\r\nContent-Length: 5\r\n'), unmet],
  ['expect-prefix', post('Expect: 100-continued\r\nContent-Length: 5\r\n'), unmet],
  ['expect-quoted', post('Expect: "100-continue"\r\nContent-Length: 5\r\n'), unmet],
  ['expect-on-get', get('Expect: x\r\n'), unmet],
]

/** What Connection may not take out (threats.md A12). */
export const nominations: readonly Row[] = [
  ...[
    ['content-length', 'Connection: Content-Length\r\nContent-Length: 5\r\n'],
    [
      'content-length-close-to-it',
      'Connection: keep-alive, Content-Length\r\nContent-Length: 5\r\n',
    ],
    ['content-length-lower-case', 'connection: content-length\r\nContent-Length: 5\r\n'],
    ['content-length-behind', 'Content-Length: 5\r\nConnection: Content-Length\r\n'],
    [
      'content-length-two-lines',
      'Connection: X\r\nConnection: Content-Length\r\nContent-Length: 5\r\n',
    ],
    ['host', 'Connection: Host\r\nContent-Length: 5\r\n'],
    ['expect', 'Connection: Expect\r\nContent-Length: 5\r\n'],
    ['itself', 'Connection: Connection\r\nContent-Length: 5\r\n'],
    ['empty-elements', 'Connection: ,, ,\r\nContent-Length: 5\r\n'],
    ['empty', 'Connection:\r\nContent-Length: 5\r\n'],
    ['garbage', 'Connection: "x", @, \xff\r\nContent-Length: 5\r\n'],
  ].map(([name, lines]): Row => [`connection-${name}`, post(lines!), '200, 200, open', bothPosts]),
  [
    'connection-transfer-encoding',
    post(
      'Connection: Transfer-Encoding\r\nTransfer-Encoding: chunked\r\n',
      '5\r\nhello\r\n0\r\n\r\n',
    ),
    '200, 200, open',
    bothPosts,
  ],
  [
    'connection-trailer',
    post(
      'Connection: Trailer\r\nTrailer: X\r\nTransfer-Encoding: chunked\r\n',
      '5\r\nhello\r\n0\r\nX: y\r\n\r\n',
    ),
    '200, 200, open',
    bothPosts,
  ],
  [
    'connection-close-in-list',
    post('Connection: x, close\r\nContent-Length: 5\r\n'),
    '200, closed',
    ['POST /p hello'],
  ],
]

const invalid = '400 handshake-invalid, closed'

/**
 * Upgrade offers that are no WebSockets are not taken and not passed on, and such a request is the
 * last of its connection; those that are half of one are refused (threats.md B5, B8).
 */
export const upgradeOffers: readonly Row[] = [
  ...[
    [
      'h2c',
      'Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAoAAAAAIAAAAA\r\n',
    ],
    ['h2c-upper-case', 'Connection: upgrade\r\nUPGRADE: H2C\r\n'],
    ['tls', 'Connection: Upgrade\r\nUpgrade: TLS/1.0\r\n'],
    ['vnd', 'Connection: Upgrade\r\nUpgrade: vnd.example/1\r\n'],
    ['list', 'Connection: Upgrade\r\nUpgrade: h2c, TLS/1.3, x\r\n'],
    ['two-lines', 'Connection: Upgrade\r\nUpgrade: h2c\r\nUpgrade: x\r\n'],
    ['websocket-prefix', 'Connection: Upgrade\r\nUpgrade: websocket2\r\n'],
    ['websocket-version', 'Connection: Upgrade\r\nUpgrade: websocket/13\r\n'],
    ['websocket-quoted', 'Connection: Upgrade\r\nUpgrade: "websocket"\r\n'],
  ].map(([name, lines]): Row => [`upgrade-${name}`, get(lines!), '200, closed', ['GET /x']]),
  ...[
    ['h2c-no-connection', 'Upgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAoAAAAAIAAAAA\r\n'],
    ['empty', 'Connection: Upgrade\r\nUpgrade:\r\n'],
    ['absent', 'Connection: Upgrade\r\n'],
    ['x-upgrade', 'Connection: Upgrade\r\nX-Upgrade: websocket\r\n'],
    ['underscore', 'Connection: Upgrade\r\nUp_grade: websocket\r\n'],
  ].map(([name, lines]): Row => [
    `upgrade-${name}`,
    get(lines!),
    '200, 200, open',
    ['GET /x', 'GET /smuggled'],
  ]),
  [
    'upgrade-h2c-post',
    post(
      'Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABk\r\nContent-Length: 5\r\n',
    ),
    '200, closed',
    ['POST /p hello'],
  ],
  [
    'upgrade-websocket-no-connection',
    get(
      'Upgrade: websocket\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n',
    ),
    invalid,
  ],
  [
    'upgrade-websocket-no-key',
    get('Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n'),
    invalid,
  ],
  ['upgrade-websocket-in-list', get('Connection: Upgrade\r\nUpgrade: h2c, websocket\r\n'), invalid],
  [
    'upgrade-websocket-second-line',
    get('Connection: Upgrade\r\nUpgrade: h2c\r\nUpgrade: WebSocket\r\n'),
    invalid,
  ],
  [
    'upgrade-websocket-post',
    post('Connection: Upgrade\r\nUpgrade: websocket\r\nContent-Length: 5\r\n'),
    invalid,
  ],
  [
    'upgrade-websocket-body',
    get(
      'Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\nContent-Length: 5\r\n',
    ).replace(smuggled, `hello${smuggled}`),
    invalid,
  ],
  [
    'upgrade-websocket-version-777',
    get(
      'Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 777\r\n',
    ),
    '426 version-unsupported, closed',
  ],
  [
    'upgrade-websocket-1.0',
    'GET /x HTTP/1.0\r\nHost: a.example\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n',
    invalid,
  ],
  [
    'upgrade-websocket-2.0',
    'GET /x HTTP/2.0\r\nHost: a.example\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n',
    malformed,
  ],
  [
    'upgrade-websocket-two-hosts',
    get(
      'Host: b.example\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n',
    ),
    malformed,
  ],
  [
    'upgrade-websocket-no-host',
    'GET /x HTTP/1.1\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n',
    malformed,
  ],
  [
    'upgrade-websocket-absolute-foreign',
    get(
      'Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n',
    ).replace('/x', 'http://127.0.0.1:1/x'),
    malformed,
  ],
]

/** Singletons that came twice (threats.md A11). */
export const twice: readonly Row[] = [
  ...[
    ['authorization', 'Authorization: Basic YTpi\r\nAuthorization: Basic YTpi\r\n'],
    ['authorization-other-case', 'Authorization: Basic YTpi\r\nauthorization: Basic YTpj\r\n'],
    ['origin', 'Origin: https://a.example\r\nOrigin: https://b.example\r\n'],
    ['origin-equal', 'Origin: https://a.example\r\nOrigin: https://a.example\r\n'],
    [
      'key',
      'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n',
    ],
    ['version', 'Sec-WebSocket-Version: 13\r\nSec-WebSocket-Version: 13\r\n'],
  ].map(([name, lines]): Row => [`twice-${name}`, get(lines!), malformed]),
  ...[
    ['cookie', 'Cookie: a=b\r\nCookie: c=d\r\n'],
    ['accept', 'Accept: a/b\r\nAccept: c/d\r\n'],
    ['protocol', 'Sec-WebSocket-Protocol: a\r\nSec-WebSocket-Protocol: b\r\n'],
    ['extensions', 'Sec-WebSocket-Extensions: a\r\nSec-WebSocket-Extensions: b\r\n'],
    ['user-agent', 'User-Agent: a\r\nUser-Agent: b\r\n'],
  ].map(([name, lines]): Row => [
    `twice-${name}`,
    get(lines!),
    '200, 200, open',
    ['GET /x', 'GET /smuggled'],
  ]),
]

/**
 * Inputs that end with FIN before they are whole (threats.md A16). Nothing of them may pass for a
 * request; a client that left while its body was awaited gets no answer.
 */
export const incomplete: readonly Row[] = [
  [
    'cl-incomplete',
    'POST /p HTTP/1.1\r\nHost: a.example\r\nContent-Length: 10\r\n\r\nhello',
    'closed',
  ],
  [
    'cl-incomplete-no-byte',
    'POST /p HTTP/1.1\r\nHost: a.example\r\nContent-Length: 10\r\n\r\n',
    'closed',
  ],
  [
    'cl-incomplete-by-one',
    'POST /p HTTP/1.1\r\nHost: a.example\r\nContent-Length: 6\r\n\r\nhello',
    'closed',
  ],
  [
    'chunk-incomplete-size',
    'POST /p HTTP/1.1\r\nHost: a.example\r\nTransfer-Encoding: chunked\r\n\r\n5',
    'closed',
  ],
  [
    'chunk-incomplete-data',
    'POST /p HTTP/1.1\r\nHost: a.example\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhel',
    'closed',
  ],
  [
    'chunk-incomplete-no-last',
    'POST /p HTTP/1.1\r\nHost: a.example\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n',
    'closed',
  ],
  [
    'chunk-incomplete-last',
    'POST /p HTTP/1.1\r\nHost: a.example\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n',
    'closed',
  ],
  [
    'chunk-incomplete-trailer',
    'POST /p HTTP/1.1\r\nHost: a.example\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nX: y\r\n',
    'closed',
  ],
  ['head-incomplete-start', 'GET /x HT', malformed],
  ['head-incomplete-line', 'GET /x HTTP/1.1\r\nHost: a.exa', malformed],
  ['head-incomplete-end', 'GET /x HTTP/1.1\r\nHost: a.example\r\n', malformed],
  ['head-incomplete-last-lf', 'GET /x HTTP/1.1\r\nHost: a.example\r\n\r', malformed],
]
