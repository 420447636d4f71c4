import type { Readable } from 'node:stream'

/** A plain request as it goes to an upstream. */
export interface HttpRequest {
  readonly method: string
  /** Origin-form, the client's own bytes. */
  readonly target: string
  /**
   * End-to-end and forwarding header lines, name and value alternating, Host included (where there
   * is one). Those about framing and the connection are written by the exchange.
   */
  readonly headers: readonly string[]
  /** Destroying it with an error ends the exchange with that error. */
  readonly body: Readable | undefined
  /** The body's declared length; undefined sends it chunked. */
  readonly contentLength: number | undefined
  /** Whether the server is told that the connection carries no other. */
  readonly isLast?: boolean
}

/** The head of an upstream's final answer. */
export interface AnswerHead {
  /** The server that answered, as the configuration writes it: for logs. */
  readonly server: string
  readonly status: number
  readonly statusText: string
  /** Name and value alternating, as they came. */
  readonly headers: readonly string[]
}

/** What the taker of an answer can do to the exchange. */
export interface AnswerFlow {
  /** Goes on after `data` returned false. */
  resume(): void
  /** Ends the exchange, which then fails with this. */
  abort(error: Error): void
}

/**
 * Takes one answer: its head, then its body, then perhaps trailers. What it throws ends the
 * exchange.
 */
export interface AnswerSink {
  head(head: AnswerHead, flow: AnswerFlow): void
  /** The bytes are the sink's. @returns false to pause until `resume()`; bytes may still come */
  data(chunk: Buffer): boolean
  /** The answer is whole. @param trailers name and value alternating */
  end(trailers: readonly string[]): void
}
