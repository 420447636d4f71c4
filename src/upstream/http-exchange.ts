import type { Socket } from 'node:net'
import { errors } from 'undici'
import type { Dispatcher } from 'undici'
import { GatewayError } from '../errors.ts'
import { wasReset } from '../reset.ts'
import { StallClock } from '../stall-clock.ts'
import type { AnswerClock } from './answer-clock.ts'
import { checkAnswerHead, maxInterimAnswers } from './answer-head.ts'
import type { AnswerFlow, AnswerSink } from './http-request.ts'
import type { InterimCounter } from './interim-filter.ts'

export interface ExchangeOptions {
  /**
   * For the head of the answer, counted from the end of the request (or from an interim answer).
   */
  readonly responseMs: number
  /** How long bytes of the request's body may wait for an upstream that takes none of them. */
  readonly stallMs: number
  readonly signal: AbortSignal
}

/** What an exchange goes over. */
export interface ExchangeConnection {
  /** The server, as the configuration writes it. */
  readonly server: string
  readonly socket: Socket
  readonly clock: AnswerClock
  /** Called when the answer came whole, before the sink is told. */
  readonly free: () => void
}

/** What became of an exchange that did not end well. */
export interface ExchangeFailure {
  readonly error: GatewayError
  /** Nothing of the request was written. */
  readonly unsent: boolean
  /** Not a byte of an answer came, and the connection broke by itself. */
  readonly unanswered: boolean
}

/**
 * One request and its answer, as undici's handler. Settles once, with undefined where the answer
 * came whole.
 */
export class HttpExchange implements Dispatcher.DispatchHandler, AnswerFlow, InterimCounter {
  readonly settled: Promise<ExchangeFailure | undefined>
  #settle: (failure: ExchangeFailure | undefined) => void = () => undefined
  readonly #server: string
  readonly #socket: Socket
  readonly #sink: AnswerSink
  readonly #options: ExchangeOptions
  readonly #clock: AnswerClock
  readonly #free: () => void
  #controller: Dispatcher.DispatchController | undefined
  #aborted: Error | undefined
  #stallClock: StallClock | undefined
  /** The upstream has not taken what was written of the body. */
  #waiting = false
  #interims = 0
  #answering = false
  #headed = false
  #done = false

  constructor(
    { server, socket, clock, free }: ExchangeConnection,
    sink: AnswerSink,
    options: ExchangeOptions,
  ) {
    this.settled = new Promise((resolve) => {
      this.#settle = resolve
    })
    this.#server = server
    this.#socket = socket
    this.#sink = sink
    this.#options = options
    this.#clock = clock
    this.#free = free
    options.signal.addEventListener('abort', this.#onAbort)
    if (options.signal.aborted) this.#onAbort()
  }

  resume(): void {
    if (!this.#done) this.#controller?.resume()
  }

  abort(error: Error): void {
    if (this.#done) return
    this.#aborted ??= error
    // Before the request has started there is nothing to end: it ends itself when it starts.
    this.#controller?.abort(this.#aborted)
  }

  /** @returns false where there were too many */
  countInterim(): boolean {
    this.#answering = true
    this.#interims++
    this.#clock.restart()
    return this.#interims <= maxInterimAnswers
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller
    if (this.#aborted !== undefined) controller.abort(this.#aborted)
  }

  onBodySent(): void {
    if (this.#done || this.#waiting || !this.#socket.writableNeedDrain) return
    this.#waiting = true
    this.#stallClock ??= new StallClock(this.#socket, this.#options.stallMs, this.#onStall)
    this.#stallClock.start()
    this.#socket.once('drain', this.#onDrain)
  }

  onRequestSent(): void {
    if (this.#done || this.#headed) return
    this.#clock.start(this.#options.responseMs, this.#onLate)
  }

  onResponseStarted(): void {
    this.#answering = true
  }

  onResponseStart(
    controller: Dispatcher.DispatchController,
    status: number,
    _headers: unknown,
    statusText = '',
  ): void {
    const headers = latin1(controller.rawHeaders)
    checkAnswerHead(status, headers)
    if (status === 101) throw this.#invalid('a 101 nobody asked for')
    if (status < 200) {
      if (!this.countInterim()) throw this.#invalid(`over ${maxInterimAnswers} interim answers`)
      return
    }
    this.#headed = true
    this.#clock.stop()
    this.#sink.head({ server: this.#server, status, statusText, headers }, this)
  }

  onResponseData(controller: Dispatcher.DispatchController, chunk: Buffer): void {
    if (!this.#sink.data(chunk)) controller.pause()
  }

  onResponseEnd(controller: Dispatcher.DispatchController): void {
    // undici takes a reset for the end of a body that has no other; then nobody can tell whether it
    // was whole.
    const socket = this.#socket
    if (socket.errored !== null || wasReset(socket)) {
      this.onResponseError(controller, socket.errored ?? new Error('reset'))
      return
    }
    this.#finish()
    this.#free()
    this.#sink.end(latin1(controller.rawTrailers))
    this.#settle(undefined)
  }

  onResponseError(_controller: Dispatcher.DispatchController | null, error: Error): void {
    if (this.#done) return
    this.#finish()
    const meaning = meaningOf(error, this.#headed, this.#server)
    this.#settle({
      error: meaning,
      unsent: this.#controller === undefined,
      unanswered: !this.#answering && meaning !== error && meaning.token === 'upstream-lost',
    })
  }

  #finish(): void {
    this.#done = true
    this.#clock.stop()
    this.#options.signal.removeEventListener('abort', this.#onAbort)
    if (this.#waiting) this.#onDrain()
  }

  #invalid(what: string): GatewayError {
    return new GatewayError('upstream-invalid', `${this.#server}: ${what}`)
  }

  readonly #onAbort = (): void => this.abort(this.#options.signal.reason)

  readonly #onLate = (): void => {
    const message = `${this.#server}: no answer in ${this.#options.responseMs} ms`
    this.abort(new GatewayError('upstream-timeout', message))
  }

  readonly #onStall = (): void => {
    const message = `${this.#server}: takes nothing of the body in ${this.#options.stallMs} ms`
    this.abort(new GatewayError('upstream-timeout', message))
  }

  readonly #onDrain = (): void => {
    this.#waiting = false
    this.#stallClock?.stop()
    this.#socket.off('drain', this.#onDrain)
  }
}

/** undici's raw lines are Buffers; header bytes are latin1 everywhere in the gateway. */
function latin1(raw: Dispatcher.DispatchController['rawHeaders']): string[] {
  const lines: string[] = []
  if (!Array.isArray(raw)) return lines
  for (const text of raw) lines.push(typeof text === 'string' ? text : text.toString('latin1'))
  return lines
}

function meaningOf(error: Error, headed: boolean, server: string): GatewayError {
  if (error instanceof GatewayError) return error
  if (error instanceof errors.InvalidArgumentError || error instanceof errors.NotSupportedError) {
    return GatewayError.from(error)
  }
  const malformed =
    error instanceof errors.HTTPParserError ||
    error instanceof errors.HeadersOverflowError ||
    // It counts the body of a head that did not parse, too.
    (error instanceof errors.ResponseContentLengthMismatchError && !headed) ||
    // The same class as a lost connection; only the text tells an answer that must not be.
    (error instanceof errors.SocketError && error.message.startsWith('bad '))
  const message = `${server}: ${error.message}`
  return new GatewayError(malformed ? 'upstream-invalid' : 'upstream-lost', message, {
    cause: error,
  })
}
