import type { GatewayError } from '../errors.ts'
import type { SessionEnd, SessionFacts } from '../observe/connection-record.ts'
import type { SessionKind } from '../observe/metrics.ts'
import type { Tally } from '../websocket/scanner.ts'

/** How a session ended. */
export type Outcome = SessionEnd

export interface CloseOptions {
  /** Milliseconds for all of it, where that is less than `timeouts.closing`. */
  readonly within?: number
}

/** Ends what carries the session. */
export type Door = (error: GatewayError, options: CloseOptions) => void

/**
 * The live record of one upgraded connection, and the one door by which everybody but its two peers
 * ends it.
 */
export class Session {
  readonly kind: SessionKind
  readonly facts: SessionFacts
  /**
   * From the client. Both count payload bytes of data messages as on the wire; a message counts
   * when it is complete.
   */
  readonly received: Tally = { messages: 0, bytes: 0 }
  /** To the client. */
  readonly sent: Tally = { messages: 0, bytes: 0 }
  /** When its login ends, in epoch milliseconds; Infinity for never. Asking again may move it. */
  expiresAt: number
  readonly #started = performance.now()
  #door: Door | undefined
  /** What was asked for before there was anybody to do it. */
  #asked: { readonly error: GatewayError; readonly options: CloseOptions } | undefined

  constructor(facts: SessionFacts, kind: SessionKind, expiresAt = Infinity) {
    this.facts = facts
    this.kind = kind
    this.expiresAt = expiresAt
  }

  /** How long it has lived, by a clock that does not jump. */
  get durationMs(): number {
    return performance.now() - this.#started
  }

  /**
   * Ends the session: both sides get the Close frames of this error, at the end of the message or
   * frame in progress. May be called at any moment, and again: the first error counts, a later call
   * can only bring its deadline forward.
   */
  readonly close = (error: GatewayError, options: CloseOptions = {}): void => {
    if (this.#door !== undefined) this.#door(error, options)
    else this.#asked ??= { error, options }
  }

  /** Called once by what carries the session, when it is ready to be ended. */
  attach(door: Door): void {
    this.#door = door
    if (this.#asked !== undefined) door(this.#asked.error, this.#asked.options)
  }
}
