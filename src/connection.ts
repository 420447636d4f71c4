import type { Socket } from 'node:net'
import type { GatewayError } from './errors.ts'
import type { Peer } from './peer.ts'

/** One accepted connection, from accept to close. Requests of a kept-alive connection share it. */
export interface Connection {
  /** The listener's name in the configuration. */
  readonly listener: string
  readonly peer: Peer
  /** The socket that HTTP is spoken on: the accepted one, or the TLS socket on it. */
  readonly socket: Socket
  /**
   * Aborted when the client has gone or the connection is being destroyed; its reason is a
   * GatewayError.
   */
  readonly signal: AbortSignal
  /**
   * Why admission turned it away: the first request is answered with this, and nothing else is done
   * for it.
   */
  readonly refusal: GatewayError | undefined
}
