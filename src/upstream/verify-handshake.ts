import { GatewayError } from '../errors.ts'
import { acceptKey } from '../websocket/accept-key.ts'
import { verifyAnswer } from '../websocket/extensions.ts'
import type { ExtensionAgreement } from '../websocket/extensions.ts'
import { listsToken } from '../websocket/token-list.ts'
import type { WebSocketOffer } from './upstream.ts'

export interface HandshakeAnswer {
  readonly protocol: string | undefined
  readonly extensions: ExtensionAgreement
}

/**
 * Checks a 101 as a WebSocket client must (RFC 6455 section 4.1). It is what keeps a server that
 * never agreed to WebSocket from being tunnelled to.
 * @throws {GatewayError} `upstream-handshake`
 */
export function verifyHandshake(
  version: string,
  raw: readonly string[],
  key: string,
  offer: WebSocketOffer,
): HandshakeAnswer {
  if (version !== '1.1') throw refused('is not HTTP/1.1')
  const lines = handshakeLines(raw)
  if (lines.upgrade.length !== 1 || lines.upgrade[0]!.toLowerCase() !== 'websocket') {
    throw refused('does not upgrade to websocket alone')
  }
  if (!listsToken(lines.connection, 'upgrade')) throw refused('has no Connection: Upgrade')
  if (lines.accept.length !== 1 || lines.accept[0] !== acceptKey(key)) {
    throw refused('has no Sec-WebSocket-Accept, a wrong one, or several')
  }
  // A body would stand where the first frame is expected.
  if (lines.framing > 0) throw refused('announces a body')
  if (lines.protocol.length > 1) throw refused('has several subprotocols')
  const [protocol] = lines.protocol
  if (protocol !== undefined && !offer.protocols.includes(protocol)) {
    throw refused('names a subprotocol that was not offered')
  }
  const extensions = verifyAnswer(offer.extensions, lines.extensions)
  return { protocol, extensions }
}

interface HandshakeLines {
  readonly upgrade: string[]
  readonly connection: string[]
  readonly accept: string[]
  readonly protocol: string[]
  readonly extensions: string[]
  /** Lines that announce a body. */
  framing: number
}

/** The lines that count, in one pass. */
function handshakeLines(raw: readonly string[]): HandshakeLines {
  const lines: HandshakeLines = {
    upgrade: [],
    connection: [],
    accept: [],
    protocol: [],
    extensions: [],
    framing: 0,
  }
  for (let at = 0; at + 1 < raw.length; at += 2) {
    const value = raw[at + 1]!
    switch (raw[at]!.toLowerCase()) {
      case 'upgrade':
        lines.upgrade.push(value)
        break
      case 'connection':
        lines.connection.push(value)
        break
      case 'sec-websocket-accept':
        lines.accept.push(value)
        break
      case 'sec-websocket-protocol':
        lines.protocol.push(value)
        break
      case 'sec-websocket-extensions':
        lines.extensions.push(value)
        break
      case 'content-length':
      case 'transfer-encoding':
        lines.framing++
        break
      default:
    }
  }
  return lines
}

function refused(what: string): GatewayError {
  return new GatewayError('upstream-handshake', `the 101 ${what}`)
}
