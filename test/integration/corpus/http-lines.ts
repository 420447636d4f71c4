import type { Row } from './http-run.ts'

const smuggled = 'GET /smuggled HTTP/1.1\r\nHost: a.example\r\n\r\n'
const malformed = '400 request-malformed, closed'
const tooBig = '431 head-too-big, closed'
const both = ['GET /x', 'GET /smuggled']

type Named = readonly (readonly [name: string, text: string])[]

/** Whole inputs. */
function refused(inputs: Named): Row[] {
  return inputs.map(([name, text]) => [name, text, malformed])
}

/** Start lines without their CR LF. */
function refusedStarts(lines: Named): Row[] {
  return lines.map(([name, line]) => [
    name,
    `${line}\r\nHost: a.example\r\n\r\n${smuggled}`,
    malformed,
  ])
}

/** Header lines without the CR LF of the last. */
function fields(lines: string): string {
  return `GET /x HTTP/1.1\r\nHost: a.example\r\n${lines}\r\nX-Last: 1\r\n\r\n${smuggled}`
}

function refusedFields(lines: Named): Row[] {
  return lines.map(([name, line]) => [name, fields(line), malformed])
}

/** Start lines, and line ends in every place (threats.md A6, A7, A13). */
export const startLines: readonly Row[] = [
  ...refusedStarts([
    ['version-0.9', 'GET /x HTTP/0.9'],
    ['version-1.2', 'GET /x HTTP/1.2'],
    ['version-1.9', 'GET /x HTTP/1.9'],
    ['version-2.0', 'GET /x HTTP/2.0'],
    ['version-2', 'GET /x HTTP/2'],
    ['version-3.0', 'GET /x HTTP/3.0'],
    ['version-1.10', 'GET /x HTTP/1.10'],
    ['version-01.1', 'GET /x HTTP/01.1'],
    ['version-1', 'GET /x HTTP/1'],
    ['version-1-dot', 'GET /x HTTP/1.'],
    ['version-dot-1', 'GET /x HTTP/.1'],
    ['version-comma', 'GET /x HTTP/1,1'],
    ['version-letters', 'GET /x HTTP/a.b'],
    ['version-lower-case', 'GET /x http/1.1'],
    ['version-mixed-case', 'GET /x Http/1.1'],
    ['version-https', 'GET /x HTTPS/1.1'],
    ['version-icap', 'GET /x ICAP/1.0'],
    ['version-space-inside', 'GET /x HTTP /1.1'],
    ['version-space-behind-slash', 'GET /x HTTP/ 1.1'],
    ['version-space-last', 'GET /x HTTP/1.1 '],
    ['version-tab-last', 'GET /x HTTP/1.1\t'],
    ['version-text-behind', 'GET /x HTTP/1.1 x'],
    ['version-twice', 'GET /x HTTP/1.1 HTTP/1.1'],
    ['version-letter-behind', 'GET /x HTTP/1.1x'],
    ['version-missing', 'GET /x'],
    ['version-missing-space', 'GET /x '],
    ['target-missing', 'GET HTTP/1.1'],
    ['target-empty', 'GET  HTTP/1.1'],
    ['method-only', 'GET'],
    ['method-missing', '/x HTTP/1.1'],
    ['tab-first', 'GET\t/x HTTP/1.1'],
    ['tab-second', 'GET /x\tHTTP/1.1'],
    ['leading-space', ' GET /x HTTP/1.1'],
    ['leading-tab', '\tGET /x HTTP/1.1'],
    ['leading-nul', '\0GET /x HTTP/1.1'],
    ['leading-bom', '\xef\xbb\xbfGET /x HTTP/1.1'],
    ['space-in-target', 'GET /x y HTTP/1.1'],
    ['nul-in-method', 'G\0ET /x HTTP/1.1'],
    ['nul-in-target', 'GET /x\0y HTTP/1.1'],
    ['nul-behind-version', 'GET /x HTTP/1.1\0'],
    ['control-in-target', 'GET /x\x01y HTTP/1.1'],
    ['delete-in-target', 'GET /x\x7fy HTTP/1.1'],
    ['form-feed-in-target', 'GET /x\x0cy HTTP/1.1'],
    ['utf8-in-target', 'GET /caf\xc3\xa9 HTTP/1.1'],
    ['high-byte-in-query', 'GET /x?\xff HTTP/1.1'],
    ['bare-cr-in-target', 'GET /x\ry HTTP/1.1'],
    ['bare-cr-before-version', 'GET /x\rHTTP/1.1'],
    ['bare-cr-in-method', 'G\rET /x HTTP/1.1'],
    ['bare-cr-at-end', 'GET /x HTTP/1.1\r'],
    ['bare-lf-in-target', 'GET /x\ny HTTP/1.1'],
    ['target-no-slash', 'GET x HTTP/1.1'],
    ['target-question', 'GET ?x HTTP/1.1'],
    ['target-dot', 'GET ./x HTTP/1.1'],
    ['target-authority', 'GET a.example:80 HTTP/1.1'],
    ['target-star', 'GET * HTTP/1.1'],
    ['target-star-post', 'POST * HTTP/1.1'],
    ['target-star-path', 'OPTIONS */x HTTP/1.1'],
    ['target-scheme-only', 'GET http: HTTP/1.1'],
  ]),
  ...refused([
    ['bare-lf-start-line', `GET /x HTTP/1.1\nHost: a.example\r\n\r\n${smuggled}`],
    ['bare-lf-host-line', `GET /x HTTP/1.1\r\nHost: a.example\n\r\n${smuggled}`],
    ['bare-lf-all', `GET /x HTTP/1.1\nHost: a.example\n\n${smuggled}`],
    ['bare-lf-end-of-headers', `GET /x HTTP/1.1\r\nHost: a.example\r\n\n${smuggled}`],
    ['bare-cr-start-line', `GET /x HTTP/1.1\rHost: a.example\r\n\r\n${smuggled}`],
    ['bare-cr-host-line', `GET /x HTTP/1.1\r\nHost: a.example\rX: y\r\n\r\n${smuggled}`],
    ['bare-cr-all', `GET /x HTTP/1.1\rHost: a.example\r\r${smuggled}`],
    ['bare-cr-end-of-headers', `GET /x HTTP/1.1\r\nHost: a.example\r\n\rX`],
    ['bare-cr-end-of-headers-smuggled', `GET /x HTTP/1.1\r\nHost: a.example\r\n\r${smuggled}`],
    ['cr-cr-lf-start-line', `GET /x HTTP/1.1\r\r\nHost: a.example\r\n\r\n${smuggled}`],
    ['cr-cr-lf-host-line', `GET /x HTTP/1.1\r\nHost: a.example\r\r\n\r\n${smuggled}`],
    ['cr-cr-lf-end-of-headers', `GET /x HTTP/1.1\r\nHost: a.example\r\n\r\r\n${smuggled}`],
    ['lf-cr', `GET /x HTTP/1.1\n\rHost: a.example\n\r\n\r${smuggled}`],
    ['line-0.9', 'GET /x\r\n\r\n'],
    ['line-garbage', '\x00\x01\x02\x03\x04\x05'],
    ['line-tls-client-hello', '\x16\x03\x01\x00\xa5\x01\x00\x00\xa1\x03\x03'],
    ['line-ssh', 'SSH-2.0-OpenSSH_9.9\r\n'],
    ['line-answer', 'HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n'],
    ['line-h2-preface', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'],
    [
      'line-proxy-v1',
      'PROXY TCP4 1.1.1.1 2.2.2.2 1 2\r\nGET /x HTTP/1.1\r\nHost: a.example\r\n\r\n',
    ],
    ['line-proxy-v2', '\r\n\r\n\0\r\nQUIT\n \0\0\0'],
    ['line-rfb', 'RFB 003.008\n'],
    ['line-frame', '\x81\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58'],
  ]),
  [
    'version-1.0',
    `GET /x HTTP/1.0\r\nHost: a.example\r\n\r\n${smuggled}`,
    '200, closed',
    ['GET /x'],
  ],
  ['version-1.0-no-host', `GET /x HTTP/1.0\r\n\r\n${smuggled}`, '200, closed', ['GET /x']],
  [
    'version-1.0-keep-alive',
    'GET /x HTTP/1.0\r\nHost: a.example\r\nConnection: keep-alive\r\n\r\n',
    '200, open',
    ['GET /x'],
  ],
  [
    'connection-close',
    `GET /x HTTP/1.1\r\nHost: a.example\r\nConnection: close\r\n\r\n${smuggled}`,
    '200, closed',
    ['GET /x'],
  ],
  // Node's parser takes these for HTTP and does not tell; what is forwarded is plain, and nothing
  // is read in two ways.
  [
    'version-rtsp',
    `GET /x RTSP/1.0\r\nHost: a.example\r\n\r\n${smuggled}`,
    '200, closed',
    ['GET /x'],
  ],
  [
    'version-ice',
    `SOURCE /x ICE/1.0\r\nHost: a.example\r\n\r\n${smuggled}`,
    '200, closed',
    ['SOURCE /x'],
  ],
  [
    'space-twice-first',
    `GET  /x HTTP/1.1\r\nHost: a.example\r\n\r\n${smuggled}`,
    '200, 200, open',
    both,
  ],
  [
    'space-twice-second',
    `GET /x  HTTP/1.1\r\nHost: a.example\r\n\r\n${smuggled}`,
    '200, 200, open',
    both,
  ],
  [
    'empty-line-first',
    `\r\nGET /x HTTP/1.1\r\nHost: a.example\r\n\r\n${smuggled}`,
    '200, 200, open',
    both,
  ],
  [
    'empty-line-between',
    `GET /x HTTP/1.1\r\nHost: a.example\r\n\r\n\r\n${smuggled}`,
    '200, 200, open',
    both,
  ],
  [
    'query',
    'GET /x?a=b&c=%20d HTTP/1.1\r\nHost: a.example\r\n\r\n',
    '200, open',
    ['GET /x?a=b&c=%20d'],
  ],
  [
    'query-strange',
    'GET /x?a[]=%zz/../\\"<>^`{|} HTTP/1.1\r\nHost: a.example\r\n\r\n',
    '200, open',
    ['GET /x?a[]=%zz/../\\"<>^`{|}'],
  ],
]

/** Header lines (threats.md A6, A8, I7). */
export const headerLines: readonly Row[] = [
  ...refusedFields([
    ['space-before-colon', 'X-A : y'],
    ['spaces-before-colon', 'X-A   : y'],
    ['tab-before-colon', 'X-A\t: y'],
    ['space-in-name', 'X A: y'],
    ['no-colon', 'X-A'],
    ['no-name', ': y'],
    ['no-name-blank', ' : y'],
    ['name-quoted', '"X": y'],
    ['name-bracket', 'X(a): y'],
    ['name-slash', 'X/a: y'],
    ['name-at', 'X@a: y'],
    ['name-comma', 'X,a: y'],
    ['name-semicolon', 'X;a: y'],
    ['name-equals', 'X=a: y'],
    ['name-brace', 'X{a}: y'],
    ['name-high-byte', 'X\xe4: y'],
    ['name-nul', 'X\0a: y'],
    ['name-control', 'X\x01a: y'],
    ['name-delete', 'X\x7fa: y'],
    ['name-bare-cr', 'X\ra: y'],
    ['name-bare-lf', 'X\na: y'],
    ['nul-value-first', 'X: \0y'],
    ['nul-value-inside', 'X: a\0b'],
    ['nul-value-last', 'X: y\0'],
    ['value-control', 'X: a\x01b'],
    ['value-bell', 'X: a\x07b'],
    ['value-escape', 'X: a\x1b[2Jb'],
    ['value-vertical-tab', 'X: a\x0bb'],
    ['value-form-feed', 'X: a\x0cb'],
    ['value-delete', 'X: a\x7fb'],
    ['value-bare-cr', 'X: a\rb'],
    ['value-bare-cr-first', 'X:\ra'],
    ['value-bare-cr-last', 'X: a\r\r'],
    ['value-bare-lf', 'X: a\nb'],
    ['value-bare-lf-header', 'X: a\nX-B: c'],
    ['value-bare-cr-header', 'X: a\rX-B: c'],
    ['obs-fold-space', 'X: a\r\n b'],
    ['obs-fold-tab', 'X: a\r\n\tb'],
    ['obs-fold-empty', 'X: a\r\n \r\nY: b'],
    ['obs-fold-from-empty', 'X:\r\n a'],
    ['obs-fold-header-like', 'X: a\r\n X-B: c'],
    ['obs-fold-lf', 'X: a\n b'],
    ['line-of-dashes', '--boundary'],
    ['request-line-again', 'GET /y HTTP/1.1'],
  ]),
  ...refused([
    ['leading-space-first-field', `GET /x HTTP/1.1\r\n Host: a.example\r\n\r\n${smuggled}`],
    ['leading-tab-first-field', `GET /x HTTP/1.1\r\n\tHost: a.example\r\n\r\n${smuggled}`],
    [
      'leading-space-empty-first-field',
      `GET /x HTTP/1.1\r\n \r\nHost: a.example\r\n\r\n${smuggled}`,
    ],
    ['obs-fold-host', `GET /x HTTP/1.1\r\nHost: a.example\r\n b.example\r\n\r\n${smuggled}`],
    ['obs-fold-last', `GET /x HTTP/1.1\r\nHost: a.example\r\nX: y\r\n z\r\n\r\n${smuggled}`],
    ['nul-end', `GET /x HTTP/1.1\r\nHost: a.example\r\n\0\r\n${smuggled}`],
  ]),
  ...[
    ['no-blank', 'X:y'],
    ['empty-value', 'X:'],
    ['blank-value', 'X: \t '],
    ['value-obs-text', 'X: \xe4\xff\x80'],
    ['value-tab', 'X: a\tb'],
    ['value-punctuation', 'X: !"#$%&\'()*+,-./:;<=>?@[\\]^`{|}~'],
    ['name-all-token-characters', "!#$%&'*+-.^`|~: y"],
    ['name-proto', '__proto__: x'],
    ['name-proto-twice', '__proto__: x\r\n__proto__: y'],
    ['name-constructor', 'constructor: x\r\nhasOwnProperty: y\r\ntoString: z'],
    ['name-number', '0: x\r\n1: y\r\n4294967295: z'],
    ['same-name-twice', 'X: a\r\nx: b'],
    ['same-name-80-times', Array.from({ length: 80 }, () => 'X: a').join('\r\n')],
  ].map(([name, lines]): Row => [`good-${name}`, fields(lines!), '200, 200, open', both]),
]

function head(lines: number): string {
  const more = Array.from({ length: lines - 1 }, (_, at) => `X-${at}: y\r\n`).join('')
  return `GET /x HTTP/1.1\r\nHost: a.example\r\n${more}\r\n`
}

/** A head of so many bytes, its empty line included. */
function sized(bytes: number): string {
  const text = 'GET /x HTTP/1.1\r\nHost: a.example\r\nX: \r\n\r\n'
  return text.replace('X: ', `X: ${'a'.repeat(bytes - text.length)}`)
}

/** Limits of a head (threats.md A5, A11). */
export const limits: readonly Row[] = [
  ['lines-99', head(99), '200, open', ['GET /x']],
  ['lines-100', head(100), '200, open', ['GET /x']],
  ['lines-101', head(101), tooBig],
  ['lines-1000', head(1000), tooBig],
  ['lines-2100', head(2100), tooBig],
  ['lines-101-empty', `GET /x HTTP/1.1\r\nHost: a.example\r\n${'a:\r\n'.repeat(100)}\r\n`, tooBig],
  [
    'lines-3000-short',
    `GET /x HTTP/1.1\r\nHost: a.example\r\n${'a:\r\n'.repeat(3000)}\r\n`,
    tooBig,
  ],
  [
    'lines-101-dropped-ones',
    `GET /x HTTP/1.1\r\nHost: a.example\r\n${'a_b: c\r\n'.repeat(100)}\r\n`,
    tooBig,
  ],
  ['head-16000', sized(16_000), '200, open', ['GET /x']],
  ['head-16384', sized(16_384), '200, open', ['GET /x']],
  ['head-16385', sized(16_385), tooBig],
  ['head-20000', sized(20_000), tooBig],
  ['head-100000', sized(100_000), tooBig],
  ['head-endless-value', `GET /x HTTP/1.1\r\nHost: a.example\r\nX: ${'a'.repeat(100_000)}`, tooBig],
  ['head-endless-name', `GET /x HTTP/1.1\r\nHost: a.example\r\n${'a'.repeat(100_000)}`, tooBig],
  [
    'head-endless-lines',
    `GET /x HTTP/1.1\r\nHost: a.example\r\n${'X: y\r\n'.repeat(20_000)}`,
    tooBig,
  ],
  [
    'head-long-name',
    `GET /x HTTP/1.1\r\nHost: a.example\r\n${'a'.repeat(17_000)}: y\r\n\r\n`,
    tooBig,
  ],
  [
    'uri-8k-query',
    `GET /x?${'a'.repeat(8_000)} HTTP/1.1\r\nHost: a.example\r\n\r\n`,
    '200, open',
    [`GET /x?${'a'.repeat(8_000)}`],
  ],
  [
    'uri-8k-plain',
    `GET /${'a'.repeat(8_000)} HTTP/1.1\r\nHost: a.example\r\n\r\n`,
    '200, open',
    [`GET /${'a'.repeat(8_000)}`],
  ],
  [
    'uri-5k-not-plain',
    `GET /X${'a'.repeat(5_000)} HTTP/1.1\r\nHost: a.example\r\n\r\n`,
    '400 path-ambiguous, closed',
  ],
  ['uri-17k', `GET /${'a'.repeat(17_000)} HTTP/1.1\r\nHost: a.example\r\n\r\n`, tooBig],
  ['uri-100k', `GET /${'a'.repeat(100_000)} HTTP/1.1\r\nHost: a.example\r\n\r\n`, tooBig],
  ['uri-endless', `GET /${'a'.repeat(100_000)}`, tooBig],
  ['method-17k', `${'A'.repeat(17_000)} / HTTP/1.1\r\nHost: a.example\r\n\r\n`, malformed],
  ['host-4k', `GET /x HTTP/1.1\r\nHost: ${'a'.repeat(4_000)}\r\n\r\n`, '200, open', ['GET /x']],
]
