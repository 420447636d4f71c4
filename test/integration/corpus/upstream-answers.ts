/**
 * An answer of an upstream that is relayed to the client, to an upgrade and to a plain request
 * alike.
 */
export interface RelayedAnswer {
  readonly name: string
  readonly bytes: string
  /** The upstream closes behind it. */
  readonly fin?: true
  readonly status: number
  /** What the client reads, decoded. */
  readonly body: string
  /** Headers that it gets, and those that it does not. */
  readonly headers?: Readonly<Record<string, string>>
  readonly without?: readonly string[]
}

function answer(first: string, ...lines: string[]): string {
  return `HTTP/1.1 ${[first, ...lines].join('\r\n')}\r\n\r\n`
}

const length2 = 'Content-Length: 2'

export const relayedAnswers: readonly RelayedAnswer[] = [
  { name: '200', bytes: `${answer('200 OK', length2)}ok`, status: 200, body: 'ok' },
  {
    name: '200 that claims an upgrade',
    bytes: `${answer('200 OK', 'Upgrade: websocket', 'Connection: Upgrade', 'Sec-WebSocket-Accept: x', length2)}ok`,
    status: 200,
    body: 'ok',
    without: ['upgrade'],
  },
  {
    name: '201 with headers',
    bytes: `${answer('201 Created', 'X-One: 1', 'Set-Cookie: a=b', 'Set-Cookie: c=d', length2)}ok`,
    status: 201,
    body: 'ok',
    headers: { 'x-one': '1', 'set-cookie': 'a=b, c=d' },
  },
  {
    name: '200 without a body',
    bytes: answer('200 OK', 'Content-Length: 0'),
    status: 200,
    body: '',
    headers: { 'content-length': '0' },
  },
  { name: '204', bytes: answer('204 No Content'), status: 204, body: '' },
  {
    name: '302',
    bytes: answer('302 Found', 'Location: /login?next=%2Fws', 'Content-Length: 0'),
    status: 302,
    body: '',
    headers: { location: '/login?next=%2Fws' },
  },
  {
    name: '304',
    bytes: answer('304 Not Modified', 'ETag: "a"'),
    status: 304,
    body: '',
    headers: { etag: '"a"' },
  },
  {
    name: '401',
    bytes: `${answer('401 Unauthorized', 'WWW-Authenticate: Basic realm="x"', length2)}no`,
    status: 401,
    body: 'no',
    headers: { 'www-authenticate': 'Basic realm="x"' },
  },
  { name: '403', bytes: `${answer('403 Forbidden', length2)}no`, status: 403, body: 'no' },
  { name: '404', bytes: `${answer('404 Not Found', length2)}no`, status: 404, body: 'no' },
  {
    name: '426 of its own',
    bytes: `${answer('426 Upgrade Required', 'Sec-WebSocket-Version: 8', length2)}no`,
    status: 426,
    body: 'no',
    headers: { 'sec-websocket-version': '8' },
  },
  {
    name: '429',
    bytes: `${answer('429 Too Many Requests', 'Retry-After: 7', length2)}no`,
    status: 429,
    body: 'no',
    headers: { 'retry-after': '7' },
  },
  { name: '500', bytes: `${answer('500 Oops', length2)}no`, status: 500, body: 'no' },
  {
    name: '503',
    bytes: `${answer('503 Service Unavailable', length2)}no`,
    status: 503,
    body: 'no',
  },
  {
    name: '599, which nobody knows',
    bytes: `${answer('599 Whatever', length2)}no`,
    status: 599,
    body: 'no',
  },
  { name: 'no phrase', bytes: `${answer('200 ', length2)}ok`, status: 200, body: 'ok' },
  {
    name: 'a phrase that is not ASCII',
    bytes: `${answer('200 \xe9t\xe9', length2)}ok`,
    status: 200,
    body: 'ok',
  },
  {
    name: 'chunks',
    bytes: `${answer('200 OK', 'Transfer-Encoding: chunked')}3\r\nfoo\r\n3\r\nbar\r\n0\r\n\r\n`,
    status: 200,
    body: 'foobar',
  },
  {
    name: 'chunks with extensions',
    bytes: `${answer('200 OK', 'Transfer-Encoding: chunked')}3;a=b\r\nfoo\r\n0;c\r\n\r\n`,
    status: 200,
    body: 'foo',
  },
  {
    name: 'no chunks at all',
    bytes: `${answer('200 OK', 'Transfer-Encoding: chunked')}0\r\n\r\n`,
    status: 200,
    body: '',
  },
  {
    name: 'a body that ends with the connection',
    bytes: `${answer('200 OK')}until the end`,
    fin: true,
    status: 200,
    body: 'until the end',
  },
  {
    name: 'an empty body that ends with the connection',
    bytes: answer('200 OK'),
    fin: true,
    status: 200,
    body: '',
  },
  { name: 'HTTP/1.0', bytes: 'HTTP/1.0 200 OK\r\n\r\nold', fin: true, status: 200, body: 'old' },
  {
    name: '64 KiB',
    bytes: `${answer('200 OK', 'Content-Length: 65536')}${'x'.repeat(65_536)}`,
    status: 200,
    body: 'x'.repeat(65_536),
  },
  {
    name: 'hop-by-hop headers',
    bytes: `${answer('200 OK', 'Connection: X-Hop, keep-alive', 'X-Hop: 1', 'Keep-Alive: timeout=9', 'Proxy-Authenticate: x', 'Trailer: x', 'X-End: 1', length2)}ok`,
    status: 200,
    body: 'ok',
    headers: { 'x-end': '1' },
    without: ['x-hop', 'proxy-authenticate', 'trailer'],
  },
  {
    name: 'an interim answer before it',
    bytes: `${answer('103 Early Hints', 'Link: </a>')}${answer('200 OK', length2)}ok`,
    status: 200,
    body: 'ok',
    without: ['link'],
  },
  {
    name: 'eight interim answers before it',
    bytes: `${answer('102 Processing').repeat(8)}${answer('200 OK', length2)}ok`,
    status: 200,
    body: 'ok',
  },
  {
    name: '100 Continue before it',
    bytes: `${answer('100 Continue')}${answer('200 OK', length2)}ok`,
    status: 200,
    body: 'ok',
  },
  {
    name: 'a blank line before it',
    bytes: `\r\n${answer('200 OK', length2)}ok`,
    status: 200,
    body: 'ok',
  },
]

/**
 * What stands behind a whole answer is nobody's: it is not relayed, and the connection is not used
 * again.
 */
export const extraBytes: readonly (readonly [name: string, bytes: string])[] = [
  ['a second answer', `${answer('200 OK', length2)}ok${answer('200 OK', 'Content-Length: 4')}evil`],
  [
    'a 101',
    `${answer('200 OK', length2)}ok${answer('101 Switching Protocols', 'Upgrade: websocket', 'Connection: Upgrade')}`,
  ],
  ['loose bytes', `${answer('200 OK', length2)}okevil`],
  [
    'bytes behind chunks',
    `${answer('200 OK', 'Transfer-Encoding: chunked')}2\r\nok\r\n0\r\n\r\nevil`,
  ],
]

/** Answers that are cut inside their body: no client may take them for whole. */
export const cutAnswers: readonly (readonly [name: string, bytes: string])[] = [
  ['a length', `${answer('200 OK', 'Content-Length: 10')}five!`],
  ['a length and nothing of it', answer('200 OK', 'Content-Length: 10')],
  ['a chunk', `${answer('200 OK', 'Transfer-Encoding: chunked')}a\r\nfive!`],
  ['chunks without their end', `${answer('200 OK', 'Transfer-Encoding: chunked')}5\r\nfive!\r\n`],
  [
    'chunks without their last line',
    `${answer('200 OK', 'Transfer-Encoding: chunked')}5\r\nfive!\r\n0\r\n`,
  ],
]

/** Bodies that turn out to be malformed once the head has gone out. */
export const brokenBodies: readonly (readonly [name: string, bytes: string])[] = [
  [
    'a size that is no number',
    `${answer('200 OK', 'Transfer-Encoding: chunked')}5\r\nfive!\r\nxyz\r\n`,
  ],
  [
    'a size in hex notation',
    `${answer('200 OK', 'Transfer-Encoding: chunked')}0x5\r\nfive!\r\n0\r\n\r\n`,
  ],
  ['a negative size', `${answer('200 OK', 'Transfer-Encoding: chunked')}-5\r\nfive!\r\n0\r\n\r\n`],
  [
    'a chunk longer than its size',
    `${answer('200 OK', 'Transfer-Encoding: chunked')}3\r\nfive!\r\n0\r\n\r\n`,
  ],
  [
    'a size beyond 2^64',
    `${answer('200 OK', 'Transfer-Encoding: chunked')}10000000000000005\r\nfive!\r\n0\r\n\r\n`,
  ],
]

/** A 101 that nobody asked for. */
export const unasked: readonly (readonly [name: string, bytes: string])[] = [
  ['websocket', answer('101 Switching Protocols', 'Upgrade: websocket', 'Connection: Upgrade')],
  [
    'websocket with an Accept',
    answer(
      '101 Switching Protocols',
      'Upgrade: websocket',
      'Connection: Upgrade',
      'Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=',
    ),
  ],
  ['h2c', answer('101 Switching Protocols', 'Upgrade: h2c', 'Connection: Upgrade')],
  ['bare', answer('101 Switching Protocols')],
  ['with a length', `${answer('101 Switching Protocols', length2)}ok`],
]
