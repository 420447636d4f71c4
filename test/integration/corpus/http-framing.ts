import type { Row } from './http-run.ts'

const smuggled = 'GET /smuggled HTTP/1.1\r\nHost: a.example\r\n\r\n'
const malformed = '400 request-malformed, closed'

/** A POST with these lines, its body, and behind it a request that nobody may come to see. */
function post(lines: string, body = 'hello', version = '1.1'): string {
  return `POST /p HTTP/${version}\r\nHost: a.example\r\n${lines}\r\n${body}${smuggled}`
}

function lengths(values: readonly (readonly [name: string, value: string])[]): Row[] {
  return values.map(([name, value]) => [
    `cl-${name}`,
    post(`Content-Length:${value}\r\n`),
    malformed,
  ])
}

/** Every way to write a length that two parsers may read as two (threats.md A2). */
export const contentLengths: readonly Row[] = [
  ...lengths([
    ['plus', ' +5'],
    ['minus', ' -5'],
    ['minus-zero', ' -0'],
    ['hex', ' 0x5'],
    ['octal', ' 0o5'],
    ['list-equal', ' 5,5'],
    ['list-equal-blank', ' 5, 5'],
    ['list-unequal', ' 5, 6'],
    ['list-empty-end', ' 5,'],
    ['list-empty-start', ' ,5'],
    ['list-zero-first', ' 0, 5'],
    ['quoted-empty', ' ""'],
    ['quoted', ' "5"'],
    ['single-quoted', " '5'"],
    ['empty', ''],
    ['blank', ' '],
    ['underscore', ' 1_0'],
    ['fraction', ' 5.0'],
    ['exponent', ' 5e0'],
    ['semicolon', ' 5;'],
    ['two-numbers', ' 5 6'],
    ['word', ' five'],
    ['nan', ' NaN'],
    ['infinity', ' Infinity'],
    ['2-to-64', ' 18446744073709551616'],
    ['2-to-64-plus-5', ' 18446744073709551621'],
    ['over-2-to-53', ' 9007199254740993'],
    ['eighty-digits', ` ${'9'.repeat(80)}`],
    ['vertical-tab-first', ' \x0b5'],
    ['vertical-tab-last', ' 5\x0b'],
    ['form-feed', ' 5\x0c'],
    ['nul-last', ' 5\0'],
    ['nul-first', ' \x005'],
    ['no-break-space', ' 5\xa0'],
    ['full-width-digit', ' \xef\xbc\x95'],
    ['arabic-digit', ' \xd9\xa5'],
    ['bare-cr', ' 5\r6'],
    ['obs-fold', '\r\n 5'],
    ['obs-fold-inside', ' 1\r\n 0'],
    ['twice-equal', ' 5\r\nContent-Length: 5'],
    ['twice-unequal', ' 5\r\nContent-Length: 0'],
    ['twice-other-case', ' 5\r\ncontent-length: 5'],
    ['twice-zero', ' 0\r\nContent-Length: 0'],
    ['twice-apart', ' 0\r\nX-Y: z\r\nCONTENT-LENGTH: 5'],
  ]),
  ['cl-space-before-colon', post('Content-Length : 5\r\n'), malformed],
  ['cl-tab-before-colon', post('Content-Length\t: 5\r\n'), malformed],
  ['cl-leading-space', post(' Content-Length: 5\r\n'), malformed],
  ['cl-no-colon', post('Content-Length 5\r\n'), malformed],
  ['cl-over-the-limit', post('Content-Length: 104857601\r\n'), '413 body-too-big, closed'],
  ['cl-2-to-53-less-1', post('Content-Length: 9007199254740991\r\n'), '413 body-too-big, closed'],
  ['cl-good', post('Content-Length: 5\r\n'), '200, 200, open', ['POST /p hello', 'GET /smuggled']],
  [
    'cl-good-leading-zeros',
    post('Content-Length: 0000005\r\n'),
    '200, 200, open',
    ['POST /p hello', 'GET /smuggled'],
  ],
  [
    'cl-good-blanks-around',
    post('Content-Length: \t 5 \t\r\n'),
    '200, 200, open',
    ['POST /p hello', 'GET /smuggled'],
  ],
  [
    'cl-good-zero',
    post('Content-Length: 0\r\n', ''),
    '200, 200, open',
    ['POST /p', 'GET /smuggled'],
  ],
  [
    'cl-good-on-get',
    `GET /g HTTP/1.1\r\nHost: a.example\r\nContent-Length: 5\r\n\r\nhello${smuggled}`,
    '200, 200, open',
    ['GET /g hello', 'GET /smuggled'],
  ],
  [
    'cl-good-on-delete',
    `DELETE /d HTTP/1.1\r\nHost: a.example\r\nContent-Length: 5\r\n\r\nhello${smuggled}`,
    '200, 200, open',
    ['DELETE /d hello', 'GET /smuggled'],
  ],
  [
    'cl-good-http-1.0',
    post('Content-Length: 5\r\n', 'hello', '1.0'),
    '200, closed',
    ['POST /p hello'],
  ],
  ['cl-absent', post('', ''), '200, 200, open', ['POST /p', 'GET /smuggled']],
  // A name with an underscore is another header: what follows is no body, and no request either.
  ['cl-underscore-in-name', post('Content_Length: 5\r\n'), '200, closed', ['POST /p']],
  ['cl-prefix-of-name', post('XContent-Length: 5\r\n'), '200, closed', ['POST /p']],
]

const chunked = '5\r\nhello\r\n0\r\n\r\n'

function codings(values: readonly (readonly [name: string, lines: string])[]): Row[] {
  return values.map(([name, lines]) => [`te-${name}`, post(`${lines}\r\n`, chunked), malformed])
}

/** Every way to hide a transfer coding from one of two parsers (threats.md A3). */
export const transferEncodings: readonly Row[] = [
  ...codings([
    ['xchunked', 'Transfer-Encoding: xchunked'],
    ['chunkedx', 'Transfer-Encoding: chunkedx'],
    ['chunk', 'Transfer-Encoding: chunk'],
    ['vertical-tab-first', 'Transfer-Encoding: \x0bchunked'],
    ['vertical-tab-last', 'Transfer-Encoding: chunked\x0b'],
    ['form-feed', 'Transfer-Encoding: \x0cchunked'],
    ['nul', 'Transfer-Encoding: chunked\0'],
    ['no-break-space', 'Transfer-Encoding: \xa0chunked'],
    ['high-byte', 'Transfer-Encoding: \xffchunked'],
    ['chunked-identity', 'Transfer-Encoding: chunked, identity'],
    ['identity-chunked', 'Transfer-Encoding: identity, chunked'],
    ['identity', 'Transfer-Encoding: identity'],
    ['gzip', 'Transfer-Encoding: gzip'],
    ['gzip-chunked', 'Transfer-Encoding: gzip, chunked'],
    ['chunked-gzip', 'Transfer-Encoding: chunked, gzip'],
    ['chunked-chunked', 'Transfer-Encoding: chunked, chunked'],
    ['comma-first', 'Transfer-Encoding: ,chunked'],
    ['comma-last', 'Transfer-Encoding: chunked,'],
    ['two-words', 'Transfer-Encoding: chunked chunked'],
    ['word-broken', 'Transfer-Encoding: chu nked'],
    ['quoted', 'Transfer-Encoding: "chunked"'],
    ['single-quoted', "Transfer-Encoding: 'chunked'"],
    ['parameter', 'Transfer-Encoding: chunked;q=1'],
    ['parameter-empty', 'Transfer-Encoding: chunked;'],
    ['empty', 'Transfer-Encoding:'],
    ['trailers', 'Transfer-Encoding: trailers'],
    ['two-lines', 'Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked'],
    ['two-lines-identity-last', 'Transfer-Encoding: chunked\r\nTransfer-Encoding: identity'],
    ['two-lines-identity-first', 'Transfer-Encoding: identity\r\ntransfer-encoding: chunked'],
    ['two-lines-empty-first', 'Transfer-Encoding:\r\nTransfer-Encoding: chunked'],
    ['obs-fold', 'Transfer-Encoding:\r\n chunked'],
    ['obs-fold-tab', 'Transfer-Encoding:\r\n\tchunked'],
    ['obs-fold-behind', 'Transfer-Encoding: chunked\r\n , identity'],
    ['space-before-colon', 'Transfer-Encoding : chunked'],
    ['tab-before-colon', 'Transfer-Encoding\t: chunked'],
    ['leading-space', ' Transfer-Encoding: chunked'],
    ['bare-cr-before', 'X: y\rTransfer-Encoding: chunked'],
    ['bare-lf-before', 'X: y\nTransfer-Encoding: chunked'],
    ['bare-cr-in-name', 'Transfer-\rEncoding: chunked'],
    ['bare-lf-in-value', 'Transfer-Encoding: \nchunked'],
    ['nul-in-name', 'Transfer\0-Encoding: chunked'],
    ['no-colon', 'Transfer-Encoding chunked'],
  ]),
  ['te-http-1.0', post('Transfer-Encoding: chunked\r\n', chunked, '1.0'), malformed],
  [
    'te-http-1.0-keep-alive',
    post('Connection: keep-alive\r\nTransfer-Encoding: chunked\r\n', chunked, '1.0'),
    malformed,
  ],
  ['te-http-1.2', post('Transfer-Encoding: chunked\r\n', chunked, '1.2'), malformed],
  ['te-underscore', post('Transfer_Encoding: chunked\r\n', chunked), '200, closed', ['POST /p']],
  [
    'te-good',
    post('Transfer-Encoding: chunked\r\n', chunked),
    '200, 200, open',
    ['POST /p hello', 'GET /smuggled'],
  ],
  [
    'te-good-upper-case',
    post('TRANSFER-ENCODING: CHUNKED\r\n', chunked),
    '200, 200, open',
    ['POST /p hello', 'GET /smuggled'],
  ],
  [
    'te-good-mixed-case',
    post('transfer-encoding: cHuNkEd\r\n', chunked),
    '200, 200, open',
    ['POST /p hello', 'GET /smuggled'],
  ],
  [
    'te-good-blanks-first',
    post('Transfer-Encoding: \t chunked\r\n', chunked),
    '200, 200, open',
    ['POST /p hello', 'GET /smuggled'],
  ],
  // Allowed by the grammar, refused by the parser: nobody writes it but to find out.
  ['te-tab-last', post('Transfer-Encoding: chunked\t\r\n', chunked), malformed],
  [
    'te-good-no-blank',
    post('Transfer-Encoding:chunked\r\n', chunked),
    '200, 200, open',
    ['POST /p hello', 'GET /smuggled'],
  ],
  [
    'te-good-on-get',
    `GET /g HTTP/1.1\r\nHost: a.example\r\nTransfer-Encoding: chunked\r\n\r\n${chunked}${smuggled}`,
    '200, 200, open',
    ['GET /g hello', 'GET /smuggled'],
  ],
  [
    'te-good-on-delete',
    `DELETE /d HTTP/1.1\r\nHost: a.example\r\nTransfer-Encoding: chunked\r\n\r\n${chunked}${smuggled}`,
    '200, 200, open',
    ['DELETE /d hello', 'GET /smuggled'],
  ],
]

/** Both framings at once, in either order, whatever the two say (threats.md A1). */
export const bothFramings: readonly Row[] = [
  ['cl-te', post('Content-Length: 15\r\nTransfer-Encoding: chunked\r\n', chunked), malformed],
  ['te-cl', post('Transfer-Encoding: chunked\r\nContent-Length: 15\r\n', chunked), malformed],
  [
    'cl-te-length-short',
    post('Content-Length: 3\r\nTransfer-Encoding: chunked\r\n', '0\r\n\r\n'),
    malformed,
  ],
  [
    'te-cl-length-long',
    post('Transfer-Encoding: chunked\r\nContent-Length: 500\r\n', '0\r\n\r\n'),
    malformed,
  ],
  [
    'cl-te-length-zero',
    post('Content-Length: 0\r\nTransfer-Encoding: chunked\r\n', '0\r\n\r\n'),
    malformed,
  ],
  [
    'te-cl-length-zero',
    post('Transfer-Encoding: chunked\r\nContent-Length: 0\r\n', chunked),
    malformed,
  ],
  ['cl-te-identity', post('Content-Length: 5\r\nTransfer-Encoding: identity\r\n'), malformed],
  ['te-identity-cl', post('Transfer-Encoding: identity\r\nContent-Length: 5\r\n'), malformed],
  ['cl-te-xchunked', post('Content-Length: 5\r\nTransfer-Encoding: xchunked\r\n'), malformed],
  ['cl-te-empty', post('Content-Length: 5\r\nTransfer-Encoding:\r\n'), malformed],
  ['cl-te-obs-fold', post('Content-Length: 5\r\nTransfer-Encoding:\r\n chunked\r\n'), malformed],
  [
    'cl-te-space-before-colon',
    post('Content-Length: 5\r\nTransfer-Encoding : chunked\r\n'),
    malformed,
  ],
  [
    'cl-cl-te',
    post('Content-Length: 5\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n', chunked),
    malformed,
  ],
  [
    'te-te-cl',
    post(
      'Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\nContent-Length: 5\r\n',
      chunked,
    ),
    malformed,
  ],
  [
    'cl-te-far-apart',
    post(`Content-Length: 15\r\n${'X: y\r\n'.repeat(40)}Transfer-Encoding: chunked\r\n`, chunked),
    malformed,
  ],
  [
    'cl-te-http-1.0',
    post('Content-Length: 5\r\nTransfer-Encoding: chunked\r\n', 'hello', '1.0'),
    malformed,
  ],
  [
    'cl-te-nominated',
    post(
      'Connection: Content-Length\r\nContent-Length: 15\r\nTransfer-Encoding: chunked\r\n',
      chunked,
    ),
    malformed,
  ],
  [
    'cl-te-on-get',
    `GET /g HTTP/1.1\r\nHost: a.example\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n${chunked}${smuggled}`,
    malformed,
  ],
  [
    'cl-te-on-patch',
    `PATCH /g HTTP/1.1\r\nHost: a.example\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n${chunked}${smuggled}`,
    malformed,
  ],
]
