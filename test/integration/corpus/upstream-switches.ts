/**
 * A 101 of an upstream. `<accept>` in it stands for the right Sec-WebSocket-Accept, `<lower>` and
 * `<cut>` for what is almost that, `<key>` for the key.
 */
export interface Switch {
  readonly name: string
  readonly answer: string
  /** What the client offers, besides a good handshake. */
  readonly offers?: Readonly<Record<string, string>>
}

const status = 'HTTP/1.1 101 Switching Protocols'
const upgrade = 'Upgrade: websocket'
const connection = 'Connection: Upgrade'
const accept = 'Sec-WebSocket-Accept: <accept>'

function head(...lines: string[]): string {
  return `${lines.join('\r\n')}\r\n\r\n`
}

/** A good 101 with these lines besides. */
function withLines(name: string, offers: Record<string, string>, ...lines: string[]): Switch {
  return { name, answer: head(status, upgrade, connection, accept, ...lines), offers }
}

/** A client that offers subprotocols a and b. */
const protocols = { 'Sec-WebSocket-Protocol': 'a, b' }
function protocol(name: string, ...lines: string[]): Switch {
  return withLines(name, protocols, ...lines.map((line) => `Sec-WebSocket-Protocol: ${line}`))
}

function extension(name: string, offer: string | undefined, ...lines: string[]): Switch {
  const offers = offer === undefined ? {} : { 'Sec-WebSocket-Extensions': offer }
  return withLines(name, offers, ...lines.map((line) => `Sec-WebSocket-Extensions: ${line}`))
}

const deflate = 'permessage-deflate'

/** None of them is a WebSocket server's answer to this handshake (RFC 6455 section 4.1). */
export const badSwitches: readonly Switch[] = [
  { name: 'no Accept', answer: head(status, upgrade, connection) },
  { name: 'an empty Accept', answer: head(status, upgrade, connection, 'Sec-WebSocket-Accept:') },
  {
    name: 'a wrong Accept',
    answer: head(status, upgrade, connection, 'Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo='),
  },
  {
    name: 'an Accept in another case',
    answer: head(status, upgrade, connection, 'Sec-WebSocket-Accept: <lower>'),
  },
  {
    name: 'an Accept without its padding',
    answer: head(status, upgrade, connection, 'Sec-WebSocket-Accept: <cut>'),
  },
  {
    name: 'the key for an Accept',
    answer: head(status, upgrade, connection, 'Sec-WebSocket-Accept: <key>'),
  },
  {
    name: 'a quoted Accept',
    answer: head(status, upgrade, connection, 'Sec-WebSocket-Accept: "<accept>"'),
  },
  { name: 'Accept twice', answer: head(status, upgrade, connection, accept, accept) },
  {
    name: 'a wrong Accept before a right one',
    answer: head(status, upgrade, connection, 'Sec-WebSocket-Accept: x', accept),
  },
  {
    name: 'a right Accept before a wrong one',
    answer: head(status, upgrade, connection, accept, 'Sec-WebSocket-Accept: x'),
  },
  {
    name: 'a list of Accepts',
    answer: head(status, upgrade, connection, 'Sec-WebSocket-Accept: <accept>, <accept>'),
  },
  { name: 'a bare 101', answer: head(status) },
  { name: 'Accept alone', answer: head(status, accept) },
  { name: 'no Upgrade', answer: head(status, connection, accept) },
  { name: 'an empty Upgrade', answer: head(status, 'Upgrade:', connection, accept) },
  { name: 'Upgrade: h2c', answer: head(status, 'Upgrade: h2c', connection, accept) },
  { name: 'Upgrade: websockets', answer: head(status, 'Upgrade: websockets', connection, accept) },
  { name: 'Upgrade to two', answer: head(status, 'Upgrade: websocket, h2c', connection, accept) },
  { name: 'Upgrade twice', answer: head(status, upgrade, 'Upgrade: h2c', connection, accept) },
  { name: 'no Connection', answer: head(status, upgrade, accept) },
  { name: 'Connection: close', answer: head(status, upgrade, 'Connection: close', accept) },
  {
    name: 'Connection: keep-alive',
    answer: head(status, upgrade, 'Connection: keep-alive', accept),
  },
  { name: 'Connection: Upgraded', answer: head(status, upgrade, 'Connection: Upgraded', accept) },
  { name: 'HTTP/1.0', answer: head(status.replace('1.1', '1.0'), upgrade, connection, accept) },
  { name: 'a length', answer: head(status, upgrade, connection, accept, 'Content-Length: 5') },
  { name: 'a length of 0', answer: head(status, upgrade, connection, accept, 'Content-Length: 0') },
  {
    name: 'chunks',
    answer: head(status, upgrade, connection, accept, 'Transfer-Encoding: chunked'),
  },
  { ...protocol('a subprotocol, where none was offered', 'a'), offers: {} },
  protocol('a subprotocol that was not offered', 'c'),
  protocol('a subprotocol in another case', 'A'),
  protocol('a subprotocol twice', 'a', 'a'),
  protocol('two subprotocols', 'a', 'b'),
  protocol('a list of subprotocols', 'a, b'),
  protocol('an empty subprotocol', ''),
  extension('an extension, where none was offered', undefined, deflate),
  extension(
    'an extension that was taken out of the offer',
    'x-webkit-deflate-frame',
    'x-webkit-deflate-frame',
  ),
  extension('an extension nobody offered', deflate, 'mux'),
  extension('an empty extension', deflate, ''),
  extension('a malformed extension', deflate, `${deflate};`),
  extension('an extension twice in a line', deflate, `${deflate}, ${deflate}`),
  extension('an extension on two lines', deflate, deflate, deflate),
  extension('a parameter nobody knows', deflate, `${deflate}; strategy=fast`),
  extension(
    'a parameter twice',
    deflate,
    `${deflate}; server_no_context_takeover; server_no_context_takeover`,
  ),
  extension('a flag with a value', deflate, `${deflate}; server_no_context_takeover=1`),
  extension('a window without a value', deflate, `${deflate}; server_max_window_bits`),
  extension('a window of 7', deflate, `${deflate}; server_max_window_bits=7`),
  extension('a window of 16', deflate, `${deflate}; server_max_window_bits=16`),
  extension('a window of 4294967304', deflate, `${deflate}; server_max_window_bits=4294967304`),
  extension('a window with a sign', deflate, `${deflate}; server_max_window_bits=-10`),
  extension(
    'a client window that was not offered',
    deflate,
    `${deflate}; client_max_window_bits=10`,
  ),
  extension(
    'a larger window than was asked for',
    `${deflate}; server_max_window_bits=10`,
    `${deflate}; server_max_window_bits=11`,
  ),
  extension('no window where one was asked for', `${deflate}; server_max_window_bits=10`, deflate),
  extension(
    'a larger client window than offered',
    `${deflate}; client_max_window_bits=10`,
    `${deflate}; client_max_window_bits=11`,
  ),
  extension('context where none was to be kept', `${deflate}; server_no_context_takeover`, deflate),
]

/** These are, however unusual. */
export const goodSwitches: readonly Switch[] = [
  { name: 'plain', answer: head(status, upgrade, connection, accept) },
  {
    name: 'another phrase',
    answer: head('HTTP/1.1 101 Web Socket Protocol Handshake', upgrade, connection, accept),
  },
  { name: 'no phrase', answer: head('HTTP/1.1 101 ', upgrade, connection, accept) },
  {
    name: 'other cases',
    answer: head(
      status,
      'UPGRADE: WebSocket',
      'connection: UPGRADE',
      'SEC-WEBSOCKET-ACCEPT: <accept>',
    ),
  },
  {
    name: 'blanks',
    answer: head(status, upgrade, connection, 'Sec-WebSocket-Accept:\t <accept> \t'),
  },
  {
    name: 'a list in Connection',
    answer: head(status, upgrade, 'Connection: keep-alive, Upgrade', accept),
  },
  {
    name: 'Connection on two lines',
    answer: head(status, upgrade, 'Connection: keep-alive', connection, accept),
  },
  {
    name: 'other headers',
    answer: head(status, upgrade, connection, accept, 'Server: x', 'Date: now', 'Set-Cookie: a=b'),
  },
  {
    name: 'an interim answer before it',
    answer: `HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n${head(status, upgrade, connection, accept)}`,
  },
  {
    name: '100 Continue before it',
    answer: `HTTP/1.1 100 Continue\r\n\r\n${head(status, upgrade, connection, accept)}`,
  },
  {
    name: 'eight interim answers before it',
    answer: `${'HTTP/1.1 102 Processing\r\n\r\n'.repeat(8)}${head(status, upgrade, connection, accept)}`,
  },
  protocol('the first subprotocol', 'a'),
  protocol('the second subprotocol', 'b'),
  extension('an extension', deflate, deflate),
]
