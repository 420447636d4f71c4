import type { IncomingMessage, ServerResponse } from 'node:http'
import { lingerMs } from '../answer.ts'
import { GatewayError } from '../errors.ts'
import type { EdgeRequest } from '../listener/edge-request.ts'
import type { AnswerFlow, AnswerHead, AnswerSink } from '../upstream/http-request.ts'
import type { PickFacts } from '../upstream/balance/pick-facts.ts'
import type { UpstreamPool } from '../upstream/pool.ts'
import { AnswerWriter } from './answer-writer.ts'
import { answerTrailers, responseHeaders } from './headers.ts'
import { RequestBody } from './request-body.ts'

export interface ForwardedExchange {
  readonly request: EdgeRequest
  /** What the server is chosen by: of the request as the client sent it. */
  readonly facts: PickFacts
  /** The outbound header lines. */
  readonly headers: readonly string[]
  /** Where the body is read from. */
  readonly head: IncomingMessage
  readonly response: ServerResponse
}

export interface ForwardOptions {
  /** Largest request body. */
  readonly bodyLimit: number
  readonly stallMs: number
  readonly signal: AbortSignal
}

/** An exchange whose answer went out, or began to. */
export interface ForwardOutcome {
  readonly status: number
  /** The server that answered, as the configuration writes it. */
  readonly server: string
  /** Bytes of the request's body. */
  readonly received: number
  /** Bytes of the answer's body. */
  readonly sent: number
  /** Why the answer was cut short; the client's connection is destroyed then. */
  readonly error: GatewayError | undefined
}

/**
 * Forwards a plain request and relays its answer, streaming both ways. The client gets its `100
 * Continue` here, when the upstream is there to take the body.
 * @throws {GatewayError} as long as nothing of an answer has gone out: `body-too-big`,
 * `body-timeout`, what the pool throws; the signal's reason
 */
export async function forward(
  exchange: ForwardedExchange,
  pool: UpstreamPool,
  { bodyLimit, stallMs, signal }: ForwardOptions,
): Promise<ForwardOutcome> {
  const { request, facts, headers, head, response } = exchange
  const { method, target, contentLength, expectsContinue } = request
  if (contentLength !== undefined && contentLength > bodyLimit) {
    throw new GatewayError('body-too-big', `${contentLength} bytes`)
  }
  const wanted = (): void => {
    if (expectsContinue && !response.headersSent) response.writeContinue()
  }
  const body = request.hasBody
    ? new RequestBody(head, { maxBytes: bodyLimit, stallMs, wanted })
    : undefined
  const relayed = new RelayedAnswer(exchange, stallMs)
  let error: GatewayError | undefined
  try {
    const sent = { method, target, headers, body, contentLength }
    await pool.request(sent, relayed, { facts, stallMs, signal })
    await relayed.done
  } catch (thrown) {
    error = GatewayError.from(thrown)
    if (!relayed.started) throw error
    relayed.cut()
  } finally {
    body?.destroy()
  }
  const { status, server, bytes } = relayed
  return { status, server, received: body?.received ?? 0, sent: bytes, error }
}

/** The answer's way to the client. */
class RelayedAnswer implements AnswerSink {
  server = ''
  /** Settles when the answer has gone out; looked at only once the upstream is done. */
  done: Promise<void> = Promise.resolve()
  readonly #exchange: ForwardedExchange
  readonly #writer: AnswerWriter
  #flow: AnswerFlow | undefined

  constructor(exchange: ForwardedExchange, stallMs: number) {
    this.#exchange = exchange
    this.#writer = new AnswerWriter(exchange.response, {
      stallMs,
      resume: () => this.#flow?.resume(),
      lost: (error) => this.#flow?.abort(error),
    })
  }

  get started(): boolean {
    return this.#writer.started
  }

  get status(): number {
    return this.#writer.status
  }

  get bytes(): number {
    return this.#writer.sent
  }

  head({ server, status, statusText, headers }: AnswerHead, flow: AnswerFlow): void {
    this.server = server
    this.#flow = flow
    const { request, head, response } = this.#exchange
    // Answered before the body was read: what is left of it would be taken for the next request.
    if (request.hasBody && !head.complete) response.shouldKeepAlive = false
    const lines = responseHeaders(headers)
    this.#writer.head(status, statusText, status === 204 ? withoutLength(lines) : lines)
  }

  data(chunk: Buffer): boolean {
    return this.#writer.write(chunk)
  }

  end(raw: readonly string[]): void {
    const { request, head, headers, response } = this.#exchange
    const takes = response.chunkedEncoding && asksForTrailers(headers)
    const fields = takes ? answerTrailers(raw) : []
    // Answered before the body was read.
    const sending = request.hasBody && !head.complete && !head.destroyed
    this.done = sending
      ? this.#drained().then(() => this.#writer.end(fields))
      : this.#writer.end(fields)
  }

  cut(): void {
    this.#writer.cut()
  }

  /**
   * The end of an early answer closes the client's connection. A client that is still sending has
   * some time to read the answer first: the reset that unread bytes cause would overtake it.
   */
  #drained(): Promise<void> {
    const { head } = this.#exchange
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, lingerMs)
      const finish = (): void => {
        clearTimeout(timer)
        resolve()
      }
      head.once('end', finish).once('close', finish).resume()
    })
  }
}

/** A 204 has no length (RFC 9110 section 8.6). */
function withoutLength(headers: readonly string[]): string[] {
  return headers.filter((_, at) => headers[at - (at % 2)]!.toLowerCase() !== 'content-length')
}

/** `TE: trailers` went to the upstream, because the client takes them. */
function asksForTrailers(headers: readonly string[]): boolean {
  return headers.some((name, at) => at % 2 === 0 && name.toLowerCase() === 'te')
}
