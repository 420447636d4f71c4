import { GatewayError } from '../errors.ts'
import { acceptKey } from '../websocket/accept-key.ts'
import { verifyAnswer } from '../websocket/extensions.ts'
import type { ExtensionAgreement } from '../websocket/extensions.ts'
import { listsToken } from '../websocket/token-list.ts'
import { headerValues } from './answer-head.ts'
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
  const upgrades = headerValues(raw, 'upgrade')
  if (upgrades.length !== 1 || upgrades[0]!.toLowerCase() !== 'websocket') {
    throw refused('does not upgrade to websocket alone')
  }
  if (!listsToken(headerValues(raw, 'connection'), 'upgrade')) {
    throw refused('has no Connection: Upgrade')
  }
  const accepts = headerValues(raw, 'sec-websocket-accept')
  if (accepts.length !== 1 || accepts[0] !== acceptKey(key)) {
    throw refused('has no Sec-WebSocket-Accept, a wrong one, or several')
  }
  // A body would stand where the first frame is expected.
  if (headerValues(raw, 'content-length').length + headerValues(raw, 'transfer-encoding').length) {
    throw refused('announces a body')
  }
  const protocols = headerValues(raw, 'sec-websocket-protocol')
  if (protocols.length > 1) throw refused('has several subprotocols')
  const [protocol] = protocols
  if (protocol !== undefined && !offer.protocols.includes(protocol)) {
    throw refused('names a subprotocol that was not offered')
  }
  const extensions = verifyAnswer(offer.extensions, headerValues(raw, 'sec-websocket-extensions'))
  return { protocol, extensions }
}

function refused(what: string): GatewayError {
  return new GatewayError('upstream-handshake', `the 101 ${what}`)
}
