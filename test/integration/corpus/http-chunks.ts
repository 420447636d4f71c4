import type { Row } from './http-run.ts'

const smuggled = 'GET /smuggled HTTP/1.1\r\nHost: a.example\r\n\r\n'
const malformed = '400 request-malformed, closed'

function chunked(body: string): string {
  return `POST /p HTTP/1.1\r\nHost: a.example\r\nTransfer-Encoding: chunked\r\n\r\n${body}${smuggled}`
}

function refused(bodies: readonly (readonly [name: string, body: string])[]): Row[] {
  return bodies.map(([name, body]) => [`chunk-${name}`, chunked(body), malformed])
}

function passed(bodies: readonly (readonly [name: string, body: string, read: string])[]): Row[] {
  return bodies.map(([name, body, read]) => [
    `chunk-${name}`,
    chunked(body),
    '200, 200, open',
    [read === '' ? 'POST /p' : `POST /p ${read}`, 'GET /smuggled'],
  ])
}

/**
 * Chunk syntax that two parsers may read in two ways (threats.md A4); none of it may reach the
 * upstream whole.
 */
export const strangeChunks: readonly Row[] = refused([
  ['hex-prefix', '0x5\r\nhello\r\n0\r\n\r\n'],
  ['hex-prefix-upper', '0X5\r\nhello\r\n0\r\n\r\n'],
  ['plus', '+5\r\nhello\r\n0\r\n\r\n'],
  ['minus', '-5\r\nhello\r\n0\r\n\r\n'],
  ['minus-zero', '-0\r\n\r\n'],
  ['underscore-first', '_5\r\nhello\r\n0\r\n\r\n'],
  ['underscore-inside', '0_5\r\nhello\r\n0\r\n\r\n'],
  ['underscore-last', '5_\r\nhello\r\n0\r\n\r\n'],
  ['space-first', ' 5\r\nhello\r\n0\r\n\r\n'],
  ['space-last', '5 \r\nhello\r\n0\r\n\r\n'],
  ['tab-last', '5\t\r\nhello\r\n0\r\n\r\n'],
  ['space-before-extension', '5 ;a=b\r\nhello\r\n0\r\n\r\n'],
  ['vertical-tab', '5\x0b\r\nhello\r\n0\r\n\r\n'],
  ['nul', '5\0\r\nhello\r\n0\r\n\r\n'],
  ['empty-size', '\r\nhello\r\n0\r\n\r\n'],
  ['extension-only', ';a\r\nhello\r\n0\r\n\r\n'],
  ['letter', 'g\r\nhello\r\n0\r\n\r\n'],
  ['letter-last', '5h\r\nhello\r\n0\r\n\r\n'],
  ['fraction', '5.0\r\nhello\r\n0\r\n\r\n'],
  ['quoted', '"5"\r\nhello\r\n0\r\n\r\n'],
  ['comma', '5,5\r\nhello\r\n0\r\n\r\n'],
  ['full-width-digit', '\xef\xbc\x95\r\nhello\r\n0\r\n\r\n'],
  ['size-bare-lf', '5\nhello\r\n0\r\n\r\n'],
  ['size-bare-cr', '5\rhello\r\n0\r\n\r\n'],
  ['size-cr-cr-lf', '5\r\r\nhello\r\n0\r\n\r\n'],
  ['no-end-of-data', '5\r\nhello0\r\n\r\n'],
  ['end-of-data-bare-lf', '5\r\nhello\n0\r\n\r\n'],
  ['end-of-data-bare-cr', '5\r\nhello\r0\r\n\r\n'],
  ['end-of-data-lf-cr', '5\r\nhello\n\r0\r\n\r\n'],
  ['end-of-data-two-bytes', '5\r\nhelloXX0\r\n\r\n'],
  ['data-too-long', '5\r\nhello!\r\n0\r\n\r\n'],
  ['data-too-short', '6\r\nhello\r\n0\r\n\r\n'],
  ['overflow-17-digits', '10000000000000005\r\nhello\r\n0\r\n\r\n'],
  ['overflow-all-f', 'FFFFFFFFFFFFFFFFF\r\nhello\r\n0\r\n\r\n'],
  ['overflow-32-digits', '00000000000000010000000000000005\r\nhello\r\n0\r\n\r\n'],
  ['extension-bare-lf', '5;a\nb\r\nhello\r\n0\r\n\r\n'],
  ['extension-bare-lf-first', '5;\nhello\r\n0\r\n\r\n'],
  ['extension-bare-cr', '5;a\rb\r\nhello\r\n0\r\n\r\n'],
  ['extension-bare-cr-first', '5;\rhello\r\n0\r\n\r\n'],
  ['extension-nul', '5;a\0b\r\nhello\r\n0\r\n\r\n'],
  ['extension-nul-in-value', '5;a=\0\r\nhello\r\n0\r\n\r\n'],
  ['extension-quoted-lf', '5;a="\n"\r\nhello\r\n0\r\n\r\n'],
  ['extension-quoted-cr', '5;a="\r"\r\nhello\r\n0\r\n\r\n'],
  ['extension-quoted-nul', '5;a="\0"\r\nhello\r\n0\r\n\r\n'],
  ['extension-quoted-open', '5;a="b\r\nhello\r\n0\r\n\r\n'],
  ['extension-vertical-tab', '5;a\x0bb\r\nhello\r\n0\r\n\r\n'],
  ['extension-escape', '5;a=\x1b[2J\r\nhello\r\n0\r\n\r\n'],
  ['extension-space', '5; a=b\r\nhello\r\n0\r\n\r\n'],
  ['last-bare-lf', '5\r\nhello\r\n0\n\r\n'],
  ['last-bare-lf-behind', '5\r\nhello\r\n0\r\n\n'],
  ['last-bare-cr', '5\r\nhello\r\n0\r\n\r'],
  ['last-no-end', '5\r\nhello\r\n0\r\n'],
  ['last-extension-bare-lf', '5\r\nhello\r\n0;a\nb\r\n\r\n'],
  ['trailer-bare-lf', '5\r\nhello\r\n0\r\nX: y\n\r\n'],
  ['trailer-bare-cr', '5\r\nhello\r\n0\r\nX: y\rZ: a\r\n\r\n'],
  ['trailer-nul', '5\r\nhello\r\n0\r\nX: \0\r\n\r\n'],
  ['trailer-space-before-colon', '5\r\nhello\r\n0\r\nX : y\r\n\r\n'],
  ['trailer-no-colon', '5\r\nhello\r\n0\r\nX\r\n\r\n'],
  ['trailer-no-name', '5\r\nhello\r\n0\r\n: y\r\n\r\n'],
  ['trailer-leading-space', '5\r\nhello\r\n0\r\n X: y\r\n\r\n'],
  ['trailer-obs-fold', '5\r\nhello\r\n0\r\nX: y\r\n z\r\n\r\n'],
  ['trailer-length', '5\r\nhello\r\n0\r\nContent-Length: 5\r\n\r\n'],
  ['trailer-coding', '5\r\nhello\r\n0\r\nTransfer-Encoding: chunked\r\n\r\n'],
  ['trailer-end-cr-x', '5\r\nhello\r\n0\r\nX: y\r\n\rX'],
])

export const plainChunks: readonly Row[] = passed([
  ['one', '5\r\nhello\r\n0\r\n\r\n', 'hello'],
  ['two', '2\r\nhe\r\n3\r\nllo\r\n0\r\n\r\n', 'hello'],
  ['five', '1\r\nh\r\n1\r\ne\r\n1\r\nl\r\n1\r\nl\r\n1\r\no\r\n0\r\n\r\n', 'hello'],
  ['none', '0\r\n\r\n', ''],
  ['none-many-zeros', '00000\r\n\r\n', ''],
  ['leading-zeros', '0005\r\nhello\r\n0\r\n\r\n', 'hello'],
  ['upper-case', 'A\r\n0123456789\r\n0\r\n\r\n', '0123456789'],
  ['lower-case', 'a\r\n0123456789\r\n0\r\n\r\n', '0123456789'],
  ['data-like-chunks', 'a\r\n0\r\n\r\n0\r\n\r\n\r\n0\r\n\r\n', '0\r\n\r\n0\r\n\r\n'],
  ['extension', '5;a\r\nhello\r\n0\r\n\r\n', 'hello'],
  ['extension-value', '5;a=b\r\nhello\r\n0\r\n\r\n', 'hello'],
  ['extension-quoted', '5;a="b c"\r\nhello\r\n0\r\n\r\n', 'hello'],
  ['extension-quoted-pair', '5;a="\\""\r\nhello\r\n0\r\n\r\n', 'hello'],
  ['extensions', '5;a=b;c;d="e"\r\nhello\r\n0\r\n\r\n', 'hello'],
  ['last-extension', '5\r\nhello\r\n0;a=b\r\n\r\n', 'hello'],
  ['trailer', '5\r\nhello\r\n0\r\nX: y\r\n\r\n', 'hello'],
  ['trailer-empty-value', '5\r\nhello\r\n0\r\nX:\r\n\r\n', 'hello'],
  ['trailer-host', '5\r\nhello\r\n0\r\nHost: b.example\r\n\r\n', 'hello'],
  ['trailer-authorization', '5\r\nhello\r\n0\r\nAuthorization: Basic eDp5\r\n\r\n', 'hello'],
  ['trailer-forwarded', '5\r\nhello\r\n0\r\nX-Forwarded-For: 1.1.1.1\r\n\r\n', 'hello'],
  ['trailer-identity', '5\r\nhello\r\n0\r\nX-User: root\r\n\r\n', 'hello'],
  ['trailer-proto', '5\r\nhello\r\n0\r\n__proto__: x\r\n\r\n', 'hello'],
])

/** Endless parts of a body (threats.md A5). */
export const endlessChunks: readonly Row[] = [
  ...refused([
    ['ext-100k', `5;${'a'.repeat(100_000)}\r\nhello\r\n0\r\n\r\n`],
    ['ext-17k', `5;${'a'.repeat(17_000)}\r\nhello\r\n0\r\n\r\n`],
    ['last-ext-100k', `5\r\nhello\r\n0;${'a'.repeat(100_000)}\r\n\r\n`],
  ]),
  ...passed([
    ['size-100k-zeros', `${'0'.repeat(100_000)}5\r\nhello\r\n0\r\n\r\n`, 'hello'],
    ['ext-1k-each', `${`1;${'a'.repeat(1000)}\r\nx\r\n`.repeat(100)}0\r\n\r\n`, 'x'.repeat(100)],
  ]),
  [
    'chunk-trailer-17k',
    chunked(`0\r\nX: ${'a'.repeat(17_000)}\r\n\r\n`),
    '431 head-too-big, closed',
  ],
  [
    'chunk-trailers-2000',
    chunked(`0\r\n${'X: yyyyyyyy\r\n'.repeat(2000)}\r\n`),
    '431 head-too-big, closed',
  ],
]
