import { logSessionClosed, logSessionOpened } from './connection-record.ts'
import type { SessionEnd, SessionFacts, Traffic } from './connection-record.ts'
import type { SessionKind } from './metrics.ts'
import type { RecordSinks } from './request-record.ts'

/** What a session is known by and counts while it lives. */
export interface RecordedSession {
  readonly facts: SessionFacts
  readonly kind: SessionKind
  /** From the client. */
  readonly received: Traffic
  /** To the client. */
  readonly sent: Traffic
}

/**
 * Tells of one session: a line when it opens, a line when it closes, and its traffic to the metrics
 * in between.
 */
export class SessionRecord {
  readonly #sinks: RecordSinks
  readonly #session: RecordedSession
  readonly #told = { received: { messages: 0, bytes: 0 }, sent: { messages: 0, bytes: 0 } }

  constructor(sinks: RecordSinks, session: RecordedSession) {
    this.#sinks = sinks
    this.#session = session
  }

  opened(): void {
    const { facts, kind } = this.#session
    this.#sinks.metrics.sessionOpened(facts.route, kind)
    logSessionOpened(this.#sinks.logger, facts)
  }

  /** A limit with `over: log` was passed, first by `from`. */
  readonly overLimit = (limit: string, from: 'client' | 'upstream'): void => {
    const { id, route, client } = this.#session.facts
    this.#sinks.metrics.overLimit(route, limit)
    this.#sinks.logger.warn({ id, route, client, limit, from }, 'limit exceeded')
  }

  /**
   * Hands what was carried since the last time to the metrics: at every rendering, so that long
   * sessions show while they live.
   */
  report(): void {
    for (const direction of ['received', 'sent'] as const) {
      const { messages, bytes } = this.#session[direction]
      const told = this.#told[direction]
      if (messages === told.messages && bytes === told.bytes) continue
      const { route } = this.#session.facts
      this.#sinks.metrics.traffic(route, direction, messages - told.messages, bytes - told.bytes)
      told.messages = messages
      told.bytes = bytes
    }
  }

  closed(end: SessionEnd): void {
    const { facts, kind } = this.#session
    this.report()
    this.#sinks.metrics.sessionClosed(facts.route, kind, end.code, end.closedBy)
    logSessionClosed(this.#sinks.logger, facts, end)
  }
}
