import { sampleKey } from '../../support/raw-client.ts'
import type { HandshakeInput } from './handshake-input.ts'

const invalid = { status: 400, token: 'handshake-invalid' } as const
const malformed = { status: 400, token: 'request-malformed' } as const
const unsupported = { status: 426, token: 'version-unsupported' } as const
const opened = { status: 101 } as const

function key(name: string, value: string, result = invalid): HandshakeInput {
  return { name: `key-${name}`, lines: [`Sec-WebSocket-Key:${value}`], ...result }
}

/** Sec-WebSocket-Key: 22 characters of base64 and `==`, and nothing else. */
export const keys: readonly HandshakeInput[] = [
  { name: 'key-missing', without: ['Sec-WebSocket-Key'], ...invalid },
  key('empty', ' '),
  key('15-bytes', ' AAAAAAAAAAAAAAAAAAAA'),
  key('17-bytes', ' AAAAAAAAAAAAAAAAAAAAAAA='),
  key('8-bytes', ' AAAAAAAAAAA='),
  key('64-bytes', ` ${'A'.repeat(86)}==`),
  key('no-padding', ' dGhlIHNhbXBsZSBub25jZQ'),
  key('half-padding', ' dGhlIHNhbXBsZSBub25jZQ='),
  key('more-padding', ' dGhlIHNhbXBsZSBub25jZQ==='),
  key('padding-inside', ' dGhlIHNhbXBsZSBub25=ZQ=='),
  key('base64url', ' dGhlIHNhb-BsZSBub2_jZQ=='),
  key('blank-inside', ' dGhlIHNhbXBs ZSBub25jZQ=='),
  key('quoted', ` "${sampleKey}"`),
  key('comma', ` ${sampleKey},`),
  key('list', ` ${sampleKey}, ${sampleKey}`),
  key('not-ascii', ' dGhlIHNhbXBsZSBub25jZ\xe9=='),
  key('no-break-space', ` ${sampleKey}\xa0`),
  key('escaped', ' dGhlIHNhbXBsZSBub25jZQ%3D%3D'),
  {
    name: 'key-twice',
    lines: [`Sec-WebSocket-Key: ${sampleKey}`, `Sec-WebSocket-Key: ${sampleKey}`],
    ...malformed,
  },
  {
    name: 'key-two-different',
    lines: [`Sec-WebSocket-Key: ${sampleKey}`, 'sec-websocket-key: AAAAAAAAAAAAAAAAAAAAAA=='],
    ...malformed,
  },
  { name: 'key-zero', lines: ['Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA=='], ...opened },
  { name: 'key-slashes', lines: ['Sec-WebSocket-Key: //////////////////////=='], ...opened },
  // The last character carries 2 bits; the ones below them are not looked at, as in ws and in
  // browsers' own servers.
  { name: 'key-loose-bits', lines: ['Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZR=='], ...opened },
  { name: 'key-no-blank', lines: [`Sec-WebSocket-Key:${sampleKey}`], ...opened },
  { name: 'key-blanks-around', lines: [`Sec-WebSocket-Key: \t ${sampleKey} \t `], ...opened },
  { name: 'key-name-in-lower-case', lines: [`sec-websocket-key: ${sampleKey}`], ...opened },
]

const badVersions: readonly (readonly [name: string, value: string])[] = [
  ['empty', ''],
  ['0', '0'],
  ['7', '7'],
  ['8', '8'],
  ['12', '12'],
  ['14', '14'],
  ['130', '130'],
  ['777', '777'],
  ['negative', '-13'],
  ['hex', '0x0d'],
  ['leading-zero', '013'],
  ['exponent', '1.3e1'],
  ['plus', '+13'],
  ['fraction', '13.0'],
  ['blank-inside', '1 3'],
  ['list', '13, 8'],
  ['list-other-order', '8, 13'],
  ['trailing-comma', '13,'],
  ['parameter', '13;q=1'],
  ['quoted', '"13"'],
  ['word', 'thirteen'],
  ['no-break-space', '13\xa0'],
  ['other-digits', '\xb9\xb3'],
]

/** Sec-WebSocket-Version: exactly `13`. */
export const versions: readonly HandshakeInput[] = [
  { name: 'version-missing', without: ['Sec-WebSocket-Version'], ...unsupported },
  ...badVersions.map(([name, value]) => ({
    name: `version-${name}`,
    lines: [`Sec-WebSocket-Version: ${value}`],
    ...unsupported,
  })),
  {
    name: 'version-twice',
    lines: ['Sec-WebSocket-Version: 13', 'Sec-WebSocket-Version: 13'],
    ...malformed,
  },
  {
    name: 'version-two-different',
    lines: ['Sec-WebSocket-Version: 8', 'Sec-WebSocket-Version: 13'],
    ...malformed,
  },
  { name: 'version-blanks-around', lines: ['Sec-WebSocket-Version:\t 13 \t'], ...opened },
]

const goodConnections: readonly (readonly [name: string, ...lines: string[]])[] = [
  ['lower-case', 'Connection: upgrade'],
  ['upper-case', 'CONNECTION: UPGRADE'],
  ['no-blank', 'Connection:Upgrade'],
  ['tabs', 'Connection: \tUpgrade\t'],
  ['firefox', 'Connection: keep-alive, Upgrade'],
  ['list-no-blanks', 'Connection: keep-alive,Upgrade'],
  ['list-first', 'Connection: Upgrade, keep-alive'],
  ['list-blanks', 'Connection: keep-alive \t,\t  upgrade  '],
  ['empty-elements', 'Connection: ,, Upgrade ,,'],
  ['behind-a-stranger', 'Connection: foo, Upgrade'],
  ['before-a-stranger', 'Connection: Upgrade, foo'],
  ['with-close', 'Connection: close, Upgrade'],
  ['twice-in-a-list', 'Connection: Upgrade, upgrade'],
  ['two-lines', 'Connection: keep-alive', 'Connection: Upgrade'],
  ['two-lines-other-order', 'Connection: Upgrade', 'Connection: keep-alive'],
  ['two-equal-lines', 'Connection: Upgrade', 'Connection: Upgrade'],
  ['naming-fields', 'Connection: Upgrade, Sec-WebSocket-Key, Host, Sec-WebSocket-Version'],
]

const badConnections: readonly (readonly [name: string, ...lines: string[]])[] = [
  ['empty', 'Connection:'],
  ['close', 'Connection: close'],
  ['keep-alive', 'Connection: keep-alive'],
  ['upgraded', 'Connection: Upgraded'],
  ['x-upgrade', 'Connection: x-upgrade'],
  ['two-words', 'Connection: keep-alive Upgrade'],
  ['semicolon', 'Connection: keep-alive; Upgrade'],
  ['parameter', 'Connection: Upgrade;q=1'],
  ['quoted', 'Connection: "Upgrade"'],
  ['no-break-space', 'Connection: Upgrade\xa0'],
  ['websocket', 'Connection: websocket'],
  ['proxy-connection', 'Connection: close', 'Proxy-Connection: Upgrade'],
  ['cut', 'Connection: Upgrad'],
]

/**
 * Connection has to list `upgrade`: the field is hop-by-hop, and what lacks it was passed on by
 * somebody in between.
 */
export const connections: readonly HandshakeInput[] = [
  { name: 'no-connection', without: ['Connection'], ...invalid },
  ...goodConnections.map(([name, ...lines]) => ({ name: `connection-${name}`, lines, ...opened })),
  ...badConnections.map(([name, ...lines]) => ({ name: `connection-${name}`, lines, ...invalid })),
]
