import type { EdgeRequest } from '../listener/edge-request.ts'

/** One element of Sec-WebSocket-Extensions: `name; param; param=value`. */
export interface ExtensionOffer {
  readonly name: string
  /** In order; a parameter without a value has undefined. Quoted values are unquoted. */
  readonly params: readonly (readonly [name: string, value: string | undefined])[]
}

/** A client's opening handshake that has passed RFC 6455 section 4.2.1. */
export interface UpgradeRequest {
  readonly request: EdgeRequest
  readonly key: string
  readonly origin: string | undefined
  /** The subprotocols offered, in order, without duplicates. */
  readonly protocols: readonly string[]
  readonly extensions: readonly ExtensionOffer[]
}
