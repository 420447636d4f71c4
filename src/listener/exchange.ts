import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Connection } from '../connection.ts'

/** One request head that arrived, and the means to answer it. */
export interface Exchange {
  readonly connection: Connection
  readonly head: IncomingMessage
  /** Of an upgrade it is made for the first who asks: nearly all of them need none. */
  readonly response: ServerResponse
  /**
   * Present where Node has handed the socket over (a WebSocket upgrade): `accept` writes the 101
   * and gives the socket away, paused, with the bytes that came early in front. Any other answer
   * goes through `response`, after which the connection is closed.
   */
  readonly takeover: Takeover | undefined
}

export interface Takeover {
  /** @param head the whole 101 answer, with its empty line */
  accept(head: string): void
}
