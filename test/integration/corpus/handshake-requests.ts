import type { HandshakeInput } from './handshake-input.ts'

const invalid = { status: 400, token: 'handshake-invalid' } as const
const malformed = { status: 400, token: 'request-malformed' } as const
const opened = { status: 101 } as const
/** The second request of a smuggler. */
const admin = 'GET /admin-secret HTTP/1.1\r\nHost: localhost\r\n\r\n'

/** Request lines: an upgrade is a GET of HTTP/1.1, and its target never says where to connect. */
export const starts: readonly HandshakeInput[] = [
  ...['POST', 'PUT', 'HEAD', 'OPTIONS', 'DELETE', 'PATCH', 'PROPFIND'].map((method) => ({
    name: `method-${method.toLowerCase()}`,
    start: `${method} /ws HTTP/1.1`,
    ...invalid,
  })),
  {
    name: 'method-connect',
    start: 'CONNECT localhost:80 HTTP/1.1',
    status: 405,
    token: 'method-refused',
  },
  {
    name: 'method-connect-path',
    start: 'CONNECT /ws HTTP/1.1',
    status: 405,
    token: 'method-refused',
  },
  { name: 'method-trace', start: 'TRACE /ws HTTP/1.1', status: 405, token: 'method-refused' },
  { name: 'method-lower-case', start: 'get /ws HTTP/1.1', ...malformed },
  { name: 'method-unknown', start: 'GETT /ws HTTP/1.1', ...malformed },
  { name: 'http-1.0', start: 'GET /ws HTTP/1.0', ...invalid },
  {
    name: 'http-1.0-keep-alive',
    start: 'GET /ws HTTP/1.0',
    lines: ['Connection: keep-alive, Upgrade'],
    ...invalid,
  },
  { name: 'http-0.9', start: 'GET /ws', ...malformed },
  { name: 'http-0.9-version', start: 'GET /ws HTTP/0.9', ...malformed },
  { name: 'http-1.2', start: 'GET /ws HTTP/1.2', ...malformed },
  { name: 'http-2.0', start: 'GET /ws HTTP/2.0', ...malformed },
  { name: 'http-3.0', start: 'GET /ws HTTP/3.0', ...malformed },
  { name: 'http-1', start: 'GET /ws HTTP/1', ...malformed },
  { name: 'http-1.10', start: 'GET /ws HTTP/1.10', ...malformed },
  { name: 'http-lower-case', start: 'GET /ws http/1.1', ...malformed },
  { name: 'http-blank-behind', start: 'GET /ws HTTP/1.1 ', ...malformed },
  // Node's parser takes RTSP for HTTP and does not tell.
  { name: 'http-rtsp', start: 'GET /ws RTSP/1.0', ...invalid },
  { name: 'host-missing', without: ['Host'], ...malformed },
  { name: 'host-twice', lines: ['Host: localhost', 'Host: localhost'], ...malformed },
  { name: 'host-empty', lines: ['Host:'], ...malformed },
  { name: 'host-userinfo', lines: ['Host: a@localhost'], ...malformed },
  { name: 'upgrade-absolute-form', start: 'GET http://localhost/ws HTTP/1.1', ...opened },
  { name: 'upgrade-absolute-form-port', start: 'GET http://localhost:80/ws HTTP/1.1', ...opened },
  { name: 'upgrade-absolute-form-case', start: 'GET HTTP://LOCALHOST/ws HTTP/1.1', ...opened },
  { name: 'upgrade-absolute-form-dot', start: 'GET http://localhost./ws HTTP/1.1', ...opened },
  { name: 'upgrade-absolute-form-ws', start: 'GET ws://localhost/ws HTTP/1.1', ...malformed },
  { name: 'upgrade-absolute-form-ftp', start: 'GET ftp://localhost/ws HTTP/1.1', ...malformed },
  { name: 'upgrade-absolute-form-file', start: 'GET file:///etc/passwd HTTP/1.1', ...malformed },
  { name: 'upgrade-absolute-form-no-host', start: 'GET http:///ws HTTP/1.1', ...malformed },
  {
    name: 'upgrade-absolute-form-one-slash',
    start: 'GET http:/localhost/ws HTTP/1.1',
    ...malformed,
  },
  {
    name: 'upgrade-absolute-form-foreign',
    start: 'GET http://example.com/ws HTTP/1.1',
    ...malformed,
  },
  {
    name: 'upgrade-absolute-form-userinfo',
    start: 'GET http://localhost@example.com/ws HTTP/1.1',
    ...malformed,
  },
  {
    name: 'upgrade-absolute-form-password',
    start: 'GET http://a:b@localhost/ws HTTP/1.1',
    ...malformed,
  },
  {
    name: 'upgrade-absolute-form-other-port',
    start: 'GET http://localhost:81/ws HTTP/1.1',
    ...malformed,
  },
  {
    name: 'upgrade-absolute-form-metadata',
    start: 'GET http://169.254.169.254/latest/meta-data HTTP/1.1',
    ...malformed,
  },
  { name: 'upgrade-authority-form', start: 'GET localhost:80 HTTP/1.1', ...malformed },
  { name: 'upgrade-asterisk', start: 'GET * HTTP/1.1', ...malformed },
  { name: 'upgrade-no-slash', start: 'GET ws HTTP/1.1', ...malformed },
  { name: 'upgrade-query', start: 'GET /ws?a=b&c=%20 HTTP/1.1', ...opened },
  { name: 'upgrade-fragment', start: 'GET /ws#a HTTP/1.1', status: 400, token: 'path-ambiguous' },
]

/** Bodies: Node would hand one to the WebSocket as its first frames. */
export const bodies: readonly HandshakeInput[] = [
  { name: 'upgrade-cl-0', lines: ['Content-Length: 0'], ...opened },
  { name: 'upgrade-with-body', lines: ['Content-Length: 5'], behind: 'hello', ...invalid },
  { name: 'upgrade-cl-without-its-body', lines: ['Content-Length: 5'], ...invalid },
  {
    name: 'upgrade-cl-hides-a-request',
    lines: [`Content-Length: ${admin.length}`],
    behind: admin,
    ...invalid,
  },
  {
    name: 'upgrade-cl-before-a-request',
    lines: ['Content-Length: 5'],
    behind: `hello${admin}`,
    ...invalid,
  },
  { name: 'upgrade-cl-huge', lines: ['Content-Length: 9007199254740991'], ...invalid },
  { name: 'upgrade-cl-twice', lines: ['Content-Length: 0', 'Content-Length: 0'], ...malformed },
  { name: 'upgrade-cl-negative', lines: ['Content-Length: -1'], ...malformed },
  { name: 'upgrade-cl-word', lines: ['Content-Length: none'], ...malformed },
  { name: 'upgrade-cl-list', lines: ['Content-Length: 0, 0'], ...malformed },
  { name: 'upgrade-cl-empty', lines: ['Content-Length:'], ...malformed },
  {
    name: 'upgrade-with-chunks',
    lines: ['Transfer-Encoding: chunked'],
    behind: '5\r\nhello\r\n0\r\n\r\n',
    ...invalid,
  },
  {
    name: 'upgrade-with-no-chunks',
    lines: ['Transfer-Encoding: chunked'],
    behind: '0\r\n\r\n',
    ...invalid,
  },
  {
    name: 'upgrade-with-chunks-and-a-request',
    lines: ['Transfer-Encoding: chunked'],
    behind: `0\r\n\r\n${admin}`,
    ...invalid,
  },
  {
    name: 'upgrade-with-chunks-case',
    lines: ['Transfer-Encoding: CHUNKED'],
    behind: '0\r\n\r\n',
    ...invalid,
  },
  {
    name: 'upgrade-with-te-and-cl',
    lines: ['Transfer-Encoding: chunked', 'Content-Length: 5'],
    behind: '0\r\n\r\n',
    ...malformed,
  },
  {
    name: 'upgrade-with-te-gzip',
    lines: ['Transfer-Encoding: gzip, chunked'],
    behind: '0\r\n\r\n',
    ...malformed,
  },
  { name: 'upgrade-with-te-identity', lines: ['Transfer-Encoding: identity'], ...malformed },
  { name: 'upgrade-expects-100', lines: ['Expect: 100-continue'], ...opened },
  {
    name: 'upgrade-expects-more',
    lines: ['Expect: 200-ok'],
    status: 417,
    token: 'expectation-unsupported',
  },
]

/**
 * A second request in the same write: whatever is refused, nothing of what follows is ever read as
 * a request or a frame.
 */
export const smuggles: readonly HandshakeInput[] = [
  {
    name: 'smuggle-version',
    lines: ['Sec-WebSocket-Version: 777'],
    behind: admin,
    status: 426,
    token: 'version-unsupported',
  },
  {
    name: 'smuggle-no-version',
    without: ['Sec-WebSocket-Version'],
    behind: admin,
    status: 426,
    token: 'version-unsupported',
  },
  { name: 'smuggle-key', lines: ['Sec-WebSocket-Key: x'], behind: admin, ...invalid },
  { name: 'smuggle-no-key', without: ['Sec-WebSocket-Key'], behind: admin, ...invalid },
  { name: 'smuggle-no-connection', without: ['Connection'], behind: admin, ...invalid },
  {
    name: 'smuggle-connection-keep-alive',
    lines: ['Connection: keep-alive'],
    behind: admin,
    ...invalid,
  },
  { name: 'smuggle-post', start: 'POST /ws HTTP/1.1', behind: admin, ...invalid },
  { name: 'smuggle-head', start: 'HEAD /ws HTTP/1.1', behind: admin, ...invalid },
  { name: 'smuggle-options', start: 'OPTIONS /ws HTTP/1.1', behind: admin, ...invalid },
  { name: 'smuggle-http-1.0', start: 'GET /ws HTTP/1.0', behind: admin, ...invalid },
  { name: 'smuggle-host', lines: ['Host: a b'], behind: admin, ...malformed },
  {
    name: 'smuggle-origin',
    lines: ['Origin: https://evil.example'],
    behind: admin,
    status: 403,
    token: 'origin-denied',
  },
  {
    name: 'smuggle-path',
    start: 'GET /ws/..%2fadmin HTTP/1.1',
    behind: admin,
    status: 400,
    token: 'path-ambiguous',
  },
  {
    name: 'smuggle-protocol-twice',
    lines: ['Sec-WebSocket-Protocol: a, a'],
    behind: admin,
    ...invalid,
  },
  { name: 'smuggle-extensions', lines: ['Sec-WebSocket-Extensions: ;'], behind: admin, ...invalid },
]
