import { GatewayError } from '../errors.ts'
import type { EdgeRequest, HeaderLines } from '../listener/edge-request.ts'
import { deflateOffers, parseExtensions } from '../websocket/extensions.ts'
import type { ExtensionOffer } from '../websocket/extensions.ts'
import { listsToken, parseTokens } from '../websocket/token-list.ts'

export type { ExtensionOffer } from '../websocket/extensions.ts'

/** A client's opening handshake that has passed RFC 6455 section 4.2.1. */
export interface UpgradeRequest {
  readonly request: EdgeRequest
  readonly key: string
  readonly origin: string | undefined
  /** The subprotocols offered, in order, without duplicates. */
  readonly protocols: readonly string[]
  /** Offers of permessage-deflate, in order; those of anything else were taken out. */
  readonly extensions: readonly ExtensionOffer[]
}

const keyPattern = /^[A-Za-z0-9+/]{22}==$/

/**
 * Checks a client's opening handshake against RFC 6455 section 4.2.1. The version comes last: a 426
 * invites the client to try again with another version, which only helps where the rest is a
 * WebSocket handshake.
 * @param request one whose `websocket` is true
 * @throws {GatewayError} `handshake-invalid`, `version-unsupported`
 */
export function parseUpgrade(request: EdgeRequest): UpgradeRequest {
  const { headers, method, httpVersion } = request
  if (method !== 'GET') throw refused(`the method is ${method}`)
  if (httpVersion !== '1.1') throw refused('the upgrade is HTTP/1.0')
  if (request.hasBody) throw refused('an upgrade has no body')
  if (!listsToken(headers.all('connection'), 'upgrade')) throw refused('no Connection: Upgrade')
  const key = headers.one('sec-websocket-key')
  if (key === undefined || !keyPattern.test(key)) {
    throw refused('the Sec-WebSocket-Key is not 16 bytes of base64')
  }
  const protocols = offeredProtocols(headers)
  const extensions = offeredExtensions(headers)
  if (headers.one('sec-websocket-version') !== '13') {
    throw new GatewayError('version-unsupported', 'the Sec-WebSocket-Version is not 13')
  }
  return { request, key, origin: headers.one('origin'), protocols, extensions }
}

function offeredProtocols(headers: HeaderLines): readonly string[] {
  const lines = headers.all('sec-websocket-protocol')
  if (lines.length === 0) return []
  const protocols = parseTokens(lines)
  if (protocols === undefined) throw refused('the Sec-WebSocket-Protocol is no list of tokens')
  if (new Set(protocols).size < protocols.length) throw refused('a subprotocol is offered twice')
  return protocols
}

function offeredExtensions(headers: HeaderLines): readonly ExtensionOffer[] {
  const lines = headers.all('sec-websocket-extensions')
  if (lines.length === 0) return []
  const offers = parseExtensions(lines)
  if (offers === undefined) throw refused('the Sec-WebSocket-Extensions is malformed')
  return deflateOffers(offers)
}

function refused(message: string): GatewayError {
  return new GatewayError('handshake-invalid', message)
}
