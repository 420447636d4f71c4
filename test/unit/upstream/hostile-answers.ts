/**
 * What an upstream sends to a plain GET, and what becomes of it. The upstream closes behind it
 * where `fin` says so.
 */
export interface HostileAnswer {
  readonly name: string
  readonly bytes: string
  readonly token: 'upstream-invalid' | 'upstream-lost'
  readonly fin?: true
}

const ok = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok'
const early = 'HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n'
const goOn = 'HTTP/1.1 100 Continue\r\n\r\n'

/**
 * Answers that no reader of HTTP/1.1 may take for one, whether it asked for a page or for an
 * upgrade.
 */
export const hostileAnswers: readonly HostileAnswer[] = [
  { name: 'an SSH banner', bytes: 'SSH-2.0-OpenSSH_9.2p1\r\n\r\n', token: 'upstream-invalid' },
  { name: 'a body without a head', bytes: '<html>hello</html>\r\n\r\n', token: 'upstream-invalid' },
  { name: 'a TLS alert', bytes: '\x15\x03\x01\x00\x02\x02\x28', token: 'upstream-invalid' },
  {
    name: 'a request',
    bytes: 'GET / HTTP/1.1\r\nHost: localhost\r\n\r\n',
    token: 'upstream-invalid',
  },
  { name: 'a status of two digits', bytes: ok.replace('200', '20'), token: 'upstream-invalid' },
  { name: 'a status of four digits', bytes: ok.replace('200', '2000'), token: 'upstream-invalid' },
  { name: 'a status that is a word', bytes: ok.replace('200', 'abc'), token: 'upstream-invalid' },
  { name: 'a negative status', bytes: ok.replace('200', '-20'), token: 'upstream-invalid' },
  { name: 'status 000', bytes: ok.replace('200', '000'), token: 'upstream-invalid' },
  { name: 'status 099', bytes: ok.replace('200', '099'), token: 'upstream-invalid' },
  { name: 'status 600', bytes: ok.replace('200', '600'), token: 'upstream-invalid' },
  { name: 'status 999', bytes: ok.replace('200', '999'), token: 'upstream-invalid' },
  { name: 'no status', bytes: 'HTTP/1.1\r\n\r\n', token: 'upstream-invalid' },
  { name: 'HTTP/2.0 in text', bytes: ok.replace('1.1', '2.5'), token: 'upstream-invalid' },
  { name: 'HTTP/11', bytes: ok.replace('1.1', '11'), token: 'upstream-invalid' },
  { name: 'a version in lower case', bytes: ok.replace('HTTP', 'http'), token: 'upstream-invalid' },
  {
    name: 'two lengths that differ',
    bytes: 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\nok!',
    token: 'upstream-invalid',
  },
  {
    name: 'two equal lengths',
    bytes: 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 2\r\n\r\nok',
    token: 'upstream-invalid',
  },
  { name: 'a list of lengths', bytes: ok.replace(': 2', ': 2, 2'), token: 'upstream-invalid' },
  { name: 'a negative length', bytes: ok.replace(': 2', ': -2'), token: 'upstream-invalid' },
  { name: 'a length with a sign', bytes: ok.replace(': 2', ': +2'), token: 'upstream-invalid' },
  { name: 'a length in hex', bytes: ok.replace(': 2', ': 0x2'), token: 'upstream-invalid' },
  {
    name: 'a length beyond 2^64',
    bytes: ok.replace(': 2', ': 18446744073709551618'),
    token: 'upstream-invalid',
  },
  {
    name: 'a length and chunks',
    bytes:
      'HTTP/1.1 200 OK\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n',
    token: 'upstream-invalid',
  },
  {
    name: 'chunks and a length',
    bytes:
      'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Length: 2\r\n\r\n2\r\nok\r\n0\r\n\r\n',
    token: 'upstream-invalid',
  },
  {
    name: 'a transfer coding that is not ours to undo',
    bytes: 'HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n',
    token: 'upstream-invalid',
  },
  {
    name: 'a transfer coding that is no list',
    bytes: 'HTTP/1.1 200 OK\r\nTransfer-Encoding: xchunked\r\n\r\n0\r\n\r\n',
    token: 'upstream-invalid',
  },
  {
    name: 'chunked twice',
    bytes:
      'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
    token: 'upstream-invalid',
  },
  {
    name: 'a folded header',
    bytes: 'HTTP/1.1 200 OK\r\nX-A: 1\r\n 2\r\nContent-Length: 2\r\n\r\nok',
    token: 'upstream-invalid',
  },
  {
    name: 'a space before the colon',
    bytes: ok.replace('Length:', 'Length :'),
    token: 'upstream-invalid',
  },
  {
    name: 'a header without a name',
    bytes: 'HTTP/1.1 200 OK\r\n: x\r\nContent-Length: 2\r\n\r\nok',
    token: 'upstream-invalid',
  },
  {
    name: 'a header without a colon',
    bytes: 'HTTP/1.1 200 OK\r\nnonsense\r\nContent-Length: 2\r\n\r\nok',
    token: 'upstream-invalid',
  },
  {
    name: 'a NUL in a header',
    bytes: 'HTTP/1.1 200 OK\r\nX-A: a\0b\r\nContent-Length: 2\r\n\r\nok',
    token: 'upstream-invalid',
  },
  {
    name: 'a bare CR in a header',
    bytes: 'HTTP/1.1 200 OK\r\nX-A: a\rb\r\nContent-Length: 2\r\n\r\nok',
    token: 'upstream-invalid',
  },
  {
    name: 'a head over 16 KiB in one line',
    bytes: `HTTP/1.1 200 OK\r\nX-A: ${'a'.repeat(17_000)}\r\nContent-Length: 2\r\n\r\nok`,
    token: 'upstream-invalid',
  },
  {
    name: 'a head over 16 KiB in many lines',
    bytes: `HTTP/1.1 200 OK\r\n${'X-A: aaaaaaaaaa\r\n'.repeat(1_300)}Content-Length: 2\r\n\r\nok`,
    token: 'upstream-invalid',
  },
  {
    name: 'nine interim answers',
    bytes: early.repeat(9) + ok,
    token: 'upstream-invalid',
  },
  {
    name: 'nine times 100 Continue',
    bytes: goOn.repeat(9) + ok,
    token: 'upstream-invalid',
  },
  {
    name: 'nine interim answers of two kinds',
    bytes: goOn.repeat(5) + early.repeat(4) + ok,
    token: 'upstream-invalid',
  },
  {
    name: 'a body behind 100 Continue',
    bytes: `HTTP/1.1 100 Continue\r\nContent-Length: 4\r\n\r\nevil${ok}`,
    token: 'upstream-invalid',
  },
  { name: 'FIN at once', bytes: '', fin: true, token: 'upstream-lost' },
  { name: 'FIN in the status line', bytes: 'HTTP/1.1 20', fin: true, token: 'upstream-lost' },
  {
    name: 'FIN in the head',
    bytes: 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\nX-',
    fin: true,
    token: 'upstream-lost',
  },
  {
    name: 'FIN before the empty line',
    bytes: 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n',
    fin: true,
    token: 'upstream-lost',
  },
  { name: 'FIN behind an interim answer', bytes: early, fin: true, token: 'upstream-lost' },
  { name: 'FIN inside 100 Continue', bytes: 'HTTP/1.1 100 Con', fin: true, token: 'upstream-lost' },
]
