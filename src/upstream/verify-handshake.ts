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
  if (only(raw, 'upgrade')?.toLowerCase() !== 'websocket') {
    throw refused('does not upgrade to websocket alone')
  }
  if (!listsToken(valuesOf(raw, 'connection'), 'upgrade')) {
    throw refused('has no Connection: Upgrade')
  }
  if (only(raw, 'sec-websocket-accept') !== acceptKey(key)) {
    throw refused('has no Sec-WebSocket-Accept, a wrong one, or several')
  }
  // A body would stand where the first frame is expected.
  if (names(raw, 'content-length') || names(raw, 'transfer-encoding')) {
    throw refused('announces a body')
  }
  const protocols = valuesOf(raw, 'sec-websocket-protocol')
  if (protocols.length > 1) throw refused('has several subprotocols')
  const [protocol] = protocols
  if (protocol !== undefined && !offer.protocols.includes(protocol)) {
    throw refused('names a subprotocol that was not offered')
  }
  const extensions = verifyAnswer(offer.extensions, valuesOf(raw, 'sec-websocket-extensions'))
  return { protocol, extensions }
}

const none: readonly string[] = []

/** @param name in lower case */
function valuesOf(raw: readonly string[], name: string): readonly string[] {
  let at = find(raw, name, 0)
  if (at === -1) return none
  const values = [raw[at + 1]!]
  while ((at = find(raw, name, at + 2)) !== -1) values.push(raw[at + 1]!)
  return values
}

/** @returns undefined where there is none, or more than one */
function only(raw: readonly string[], name: string): string | undefined {
  const at = find(raw, name, 0)
  return at === -1 || find(raw, name, at + 2) !== -1 ? undefined : raw[at + 1]
}

function names(raw: readonly string[], name: string): boolean {
  return find(raw, name, 0) !== -1
}

function find(raw: readonly string[], name: string, from: number): number {
  for (let at = from; at + 1 < raw.length; at += 2) {
    // The length decides for nearly all of them.
    if (raw[at]!.length === name.length && raw[at]!.toLowerCase() === name) return at
  }
  return -1
}

function refused(what: string): GatewayError {
  return new GatewayError('upstream-handshake', `the 101 ${what}`)
}
