import type { Row } from './http-run.ts'

const smuggled = 'GET /smuggled HTTP/1.1\r\nHost: a.example\r\n\r\n'
const malformed = '400 request-malformed, closed'
const bothPosts = ['POST /p hello', 'GET /smuggled']

function post(lines: string, body = 'hello'): string {
  return `POST /p HTTP/1.1\r\nHost: a.example\r\n${lines}\r\n${body}${smuggled}`
}

function get(lines: string): string {
  return `GET /x HTTP/1.1\r\nHost: a.example\r\n${lines}\r\n${smuggled}`
}

/**
 * Several requests in one write are answered in order; an upgrade is only served where nothing
 * waits for an answer.
 */
export const pipelines: readonly Row[] = [
  ['pipeline-two', get(''), '200, 200, open', ['GET /x', 'GET /smuggled']],
  [
    'pipeline-thirty',
    'GET /x HTTP/1.1\r\nHost: a.example\r\n\r\n'.repeat(30),
    `${'200, '.repeat(30)}open`,
    Array.from({ length: 30 }, () => 'GET /x'),
  ],
  [
    'pipeline-bodies',
    `${post('Content-Length: 5\r\n').replace(smuggled, '')}${post('Transfer-Encoding: chunked\r\n', '5\r\nhello\r\n0\r\n\r\n')}`,
    '200, 200, 200, open',
    ['POST /p hello', ...bothPosts],
  ],
  [
    'pipeline-close-first',
    `GET /x HTTP/1.1\r\nHost: a.example\r\nConnection: close\r\n\r\n${smuggled}${smuggled}`,
    '200, closed',
    ['GET /x'],
  ],
  ['pipeline-refused-first', `GET /x HTTP/1.1\r\nHost: a/b\r\n\r\n${smuggled}`, malformed],
  [
    'pipeline-refused-second',
    `GET /x HTTP/1.1\r\nHost: a.example\r\n\r\nGET /y HTTP/1.1\r\nHost: a/b\r\n\r\n${smuggled}`,
    '200, 400 request-malformed, closed',
    ['GET /x'],
  ],
  [
    'pipeline-no-http-second',
    `GET /x HTTP/1.1\r\nHost: a.example\r\n\r\n\0\0\0\0${smuggled}`,
    '200, closed',
    ['GET /x'],
  ],
  [
    'pipeline-chunk-second',
    `GET /x HTTP/1.1\r\nHost: a.example\r\n\r\n${post('Transfer-Encoding: chunked\r\n', '5\r\nhelloX\r\n')}`,
    '200, 400 request-malformed, closed',
    ['GET /x'],
  ],
  [
    'pipeline-chunk-third',
    `${get('')}${post('Transfer-Encoding: chunked\r\n', '5\r\nhello\r\n+5\r\n')}`,
    '200, 200, 400 request-malformed, closed',
    ['GET /x', 'GET /smuggled'],
  ],
  [
    'pipeline-trace-second',
    `GET /x HTTP/1.1\r\nHost: a.example\r\n\r\nTRACE /y HTTP/1.1\r\nHost: a.example\r\n\r\n${smuggled}`,
    '200, 405 method-refused, closed',
    ['GET /x'],
  ],
  [
    'pipeline-connect-second',
    `GET /x HTTP/1.1\r\nHost: a.example\r\n\r\nCONNECT b.example:443 HTTP/1.1\r\nHost: b.example:443\r\n\r\n${smuggled}`,
    '200, closed',
    ['GET /x'],
  ],
  [
    'pipeline-upgrade-second',
    `GET /x HTTP/1.1\r\nHost: a.example\r\n\r\nGET /y HTTP/1.1\r\nHost: a.example\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n${smuggled}`,
    '200, closed',
    ['GET /x'],
  ],
  [
    'pipeline-upgrade-behind-post',
    `POST /p HTTP/1.1\r\nHost: a.example\r\nContent-Length: 5\r\n\r\nhelloGET /y HTTP/1.1\r\nHost: a.example\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n`,
    '200, closed',
    ['POST /p hello'],
  ],
  [
    'pipeline-upgrade-third',
    `${get('')}GET /y HTTP/1.1\r\nHost: a.example\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n`,
    '200, 200, closed',
    ['GET /x', 'GET /smuggled'],
  ],
]
