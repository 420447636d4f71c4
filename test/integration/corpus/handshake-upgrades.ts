import type { HandshakeInput } from './handshake-input.ts'

const opened = { status: 101 } as const
/** Served as the plain request that it also is. */
const plain = { status: 200 } as const
const malformed = { status: 400, token: 'request-malformed' } as const

/** Lists that name `websocket`: an upgrade. */
const webSockets: readonly (readonly [name: string, ...lines: string[]])[] = [
  ['websocket-case', 'Upgrade: WebSocket'],
  ['websocket-upper-case', 'UPGRADE: WEBSOCKET'],
  ['websocket-no-blank', 'Upgrade:websocket'],
  ['websocket-tabs', 'Upgrade:\twebsocket\t'],
  ['websocket-first', 'Upgrade: websocket, h2c'],
  ['websocket-last', 'Upgrade: h2c, websocket'],
  ['websocket-empty-elements', 'Upgrade: ,, websocket ,'],
  ['websocket-twice', 'Upgrade: websocket, websocket'],
  ['websocket-two-lines', 'Upgrade: h2c', 'Upgrade: websocket'],
  ['websocket-two-equal-lines', 'Upgrade: websocket', 'Upgrade: websocket'],
  ['websocket-and-a-version', 'Upgrade: websocket, HTTP/3.0'],
]

/** Lists that do not: other tokens are offers that a server may ignore (RFC 9110 section 7.8). */
const others: readonly (readonly [name: string, ...lines: string[]])[] = [
  [
    'h2c',
    'Upgrade: h2c',
    'Connection: Upgrade, HTTP2-Settings',
    'HTTP2-Settings: AAMAAABkAARAAAAAAAIAAAAA',
  ],
  ['h2c-no-settings', 'Upgrade: h2c'],
  ['h2c-prior', 'Upgrade: h2c, h2'],
  ['tls', 'Upgrade: TLS/1.2'],
  ['tls-list', 'Upgrade: TLS/1.0, HTTP/1.1'],
  ['vnd', 'Upgrade: vnd.example/1'],
  ['connect-udp', 'Upgrade: connect-udp', 'Capsule-Protocol: ?1'],
  ['spdy', 'Upgrade: SPDY/3.1'],
  ['empty', 'Upgrade:'],
  ['commas', 'Upgrade: ,,'],
  ['websockets', 'Upgrade: websockets'],
  ['x-websocket', 'Upgrade: x-websocket'],
  ['websocket-version', 'Upgrade: websocket/13'],
  ['websocket-parameter', 'Upgrade: websocket;q=1'],
  ['websocket-quoted', 'Upgrade: "websocket"'],
  ['websocket-two-words', 'Upgrade: websocket h2c'],
  ['websocket-no-break-space', 'Upgrade: websocket\xa0'],
]

/** Upgrade: every element counts, and the decision is made once. */
export const upgrades: readonly HandshakeInput[] = [
  ...webSockets.map(([name, ...lines]) => ({ name: `upgrade-${name}`, lines, ...opened })),
  ...others.map(([name, ...lines]) => ({ name: `upgrade-${name}`, lines, ...plain })),
  { name: 'no-upgrade', without: ['Upgrade'], ...plain },
  { name: 'no-upgrade-no-connection', without: ['Upgrade', 'Connection'], ...plain },
  {
    name: 'either-upgrade-h2c-preface',
    lines: ['Upgrade: h2c'],
    start: 'PRI * HTTP/2.0',
    ...malformed,
  },
]

const invalid = { status: 400, token: 'handshake-invalid' } as const

function protocol(name: string, ...values: string[]): HandshakeInput {
  const lines = values.map((value) => `Sec-WebSocket-Protocol: ${value}`)
  return { name: `protocol-${name}`, lines, ...invalid }
}

/** Sec-WebSocket-Protocol that is no list of different tokens. */
export const badProtocols: readonly HandshakeInput[] = [
  protocol('empty', ''),
  protocol('commas', ',,'),
  protocol('twice', 'chat, chat'),
  protocol('twice-apart', 'chat, other, chat'),
  protocol('twice-on-two-lines', 'chat', 'chat'),
  protocol('two-words', 'chat other'),
  protocol('parameter', 'chat;v=1'),
  protocol('quoted', '"chat"'),
  protocol('slash', 'chat/1'),
  protocol('not-ascii', 'ch\xe4t'),
  protocol('no-break-space', 'chat\xa0'),
]

function extension(name: string, ...values: string[]): HandshakeInput {
  const lines = values.map((value) => `Sec-WebSocket-Extensions: ${value}`)
  return { name: `extensions-${name}`, lines, ...invalid }
}

/** Sec-WebSocket-Extensions that breaks its grammar (RFC 6455 section 9.1). */
export const badExtensions: readonly HandshakeInput[] = [
  extension('empty', ''),
  extension('commas', ', ,'),
  extension('semicolon', ';'),
  extension('no-name', '; client_max_window_bits'),
  extension('no-parameter', 'permessage-deflate;'),
  extension('empty-parameter', 'permessage-deflate; ; a'),
  extension('no-value', 'permessage-deflate; client_max_window_bits='),
  extension('no-parameter-name', 'permessage-deflate; =10'),
  extension('quote-open', 'permessage-deflate; client_max_window_bits="10'),
  extension('quote-empty', 'permessage-deflate; client_max_window_bits=""'),
  extension('quote-no-token', 'permessage-deflate; client_max_window_bits="1 0"'),
  extension('quote-comma', 'permessage-deflate; a="b,c"'),
  extension('two-words', 'permessage-deflate client_max_window_bits'),
  extension('quoted-name', '"permessage-deflate"'),
  extension('slash', 'permessage/deflate'),
  extension('not-ascii', 'permessage-d\xebflate'),
  extension('second-broken', 'permessage-deflate, ='),
  extension('second-line-broken', 'permessage-deflate', 'a;'),
]
