import type { Token } from '../../../src/errors.ts'
import { sampleKey } from '../../support/raw-client.ts'

/**
 * One opening handshake as raw bytes, told by how it differs from a good one, and what becomes of
 * it.
 */
export interface HandshakeInput {
  readonly name: string
  /** The request line; `GET /ws HTTP/1.1` where none is given. */
  readonly start?: string
  /** Header lines. They take the place of the good lines of the same name. */
  readonly lines?: readonly string[]
  /** Names of good lines that are left out. */
  readonly without?: readonly string[]
  /** What follows the head, in the same write. */
  readonly behind?: string
  readonly status: number
  /** What the gateway refuses it with; undefined where the upstream answers, or a route. */
  readonly token?: Token
}

const goodLines = [
  'Host: localhost',
  'Upgrade: websocket',
  'Connection: Upgrade',
  `Sec-WebSocket-Key: ${sampleKey}`,
  'Sec-WebSocket-Version: 13',
]

/** The bytes of an input, as latin1 text. */
export function handshakeBytes(input: HandshakeInput): string {
  const { start = 'GET /ws HTTP/1.1', lines = [], without = [], behind = '' } = input
  const replaced = new Set([...lines.map(nameOf), ...without.map((name) => name.toLowerCase())])
  const kept = goodLines.filter((line) => !replaced.has(nameOf(line)))
  return `${[start, ...kept, ...lines].join('\r\n')}\r\n\r\n${behind}`
}

function nameOf(line: string): string {
  return line.slice(0, line.indexOf(':')).toLowerCase()
}
