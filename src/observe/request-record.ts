import { performance } from 'node:perf_hooks'
import type { GatewayError } from '../errors.ts'
import { logRequest } from './connection-record.ts'
import type { Logger } from './logger.ts'
import type { Metrics } from './metrics.ts'
import type { RefusalLog } from './refusal-log.ts'

/** What a request says of itself, as far as it could be read. */
export interface RequestHead {
  readonly client: string
  readonly host: string | undefined
  readonly method: string | undefined
  /** Without its query. */
  readonly path: string | undefined
  readonly origin: string | undefined
}

/** How a plain request ended. */
export interface Answered {
  /** 0 where nothing was answered. */
  readonly status: number
  /** The server that answered; undefined where the route answers itself. */
  readonly server?: string | undefined
  readonly received?: number
  readonly sent?: number
  readonly error?: GatewayError | undefined
}

/** The log and the metrics as requests need them. */
export interface RecordSinks {
  readonly logger: Logger
  readonly metrics: Metrics
  readonly refusals: RefusalLog
}

/**
 * Gathers what is learned of one request on its way, so that whatever ends it can be told in one
 * line: a refusal, or an answer. Only one of the two is told.
 */
export class RequestRecord {
  readonly id: string
  /** The route's name, once one has matched. */
  route: string | undefined
  /** The subject, once it is known who asks. */
  identity: string | undefined
  readonly #sinks: RecordSinks
  readonly #listener: string
  readonly #peer: string
  readonly #startedAt = performance.now()
  #head: RequestHead | undefined

  constructor(sinks: RecordSinks, facts: { id: string; listener: string; peer: string }) {
    this.#sinks = sinks
    this.id = facts.id
    this.#listener = facts.listener
    this.#peer = facts.peer
  }

  get elapsedMs(): number {
    return performance.now() - this.#startedAt
  }

  /** What the request says of itself has been noted. */
  get known(): boolean {
    return this.#head !== undefined
  }

  get head(): RequestHead | undefined {
    return this.#head
  }

  know(head: RequestHead): void {
    this.#head = head
  }

  answered(answer: Answered): void {
    const route = this.route ?? ''
    this.#sinks.metrics.request(route, answer.status)
    logRequest(this.#sinks.logger, {
      id: this.id,
      listener: this.#listener,
      status: answer.status,
      route,
      client: this.#head?.client ?? this.#peer,
      host: this.#head?.host ?? '',
      method: this.#head?.method ?? '',
      path: this.#head?.path ?? '',
      identity: this.identity,
      upstream: answer.server,
      durationMs: this.elapsedMs,
      received: { bytes: answer.received ?? 0 },
      sent: { bytes: answer.sent ?? 0 },
      error: answer.error,
    })
  }

  /**
   * @param status what was answered; undefined where the connection was cut without an answer
   * @param code the close code where it was made visible to a page instead
   */
  refused(status: number | undefined, error: GatewayError, code?: number): void {
    this.#sinks.refusals.refused(
      {
        status,
        code,
        id: this.id,
        listener: this.#listener,
        route: this.route,
        client: this.#head?.client ?? this.#peer,
        host: this.#head?.host,
        method: this.#head?.method,
        path: this.#head?.path,
        origin: this.#head?.origin,
        identity: this.identity,
      },
      error,
    )
  }
}
