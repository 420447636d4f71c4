import { GatewayError } from '../errors.ts'
import type { Attempt, Authenticator } from './authenticator.ts'
import type { Identity } from './identity.ts'

export interface RechecksOptions {
  /** Milliseconds between two questions about one session; Infinity asks never. */
  readonly intervalMs: number
  readonly authenticators: ReadonlyMap<string, Authenticator>
  /** Told of questions that nobody answered. */
  readonly warn: (detail: string) => void
}

/** What is asked with: a request that is over, and nothing that ended with it. */
export type Proven = Omit<Attempt, 'signal'>

interface Watch {
  readonly identity: Identity
  readonly proven: Proven
  readonly authenticator: Authenticator
  readonly session: Rechecked
  /** While it is being asked about. */
  question: AbortController | undefined
}

/** The session that an identity was let in for. */
export interface Rechecked {
  end(error: GatewayError): void
  /** Its login ends at another time than was said before. @param expiresAt epoch milliseconds */
  renew(expiresAt: number): void
}

/** Questions that are on their way at once; the sessions of a whole restart come due together. */
const maxAsking = 20

/**
 * Asks again about identities whose authenticator can be asked, for as long as their sessions live.
 * A login that is over ends its session. Where nobody answers the session goes on, and is asked
 * about again: an outage of the login server must not end what it has let in.
 */
export class Rechecks {
  readonly #options: RechecksOptions
  /**
   * When each is due, by a monotonic clock: all wait equally long, so that the first is always the
   * next.
   */
  readonly #dueAt = new Map<Watch, number>()
  readonly #asking = new Set<Watch>()

  constructor(options: RechecksOptions) {
    this.#options = options
  }

  /** Watches over an identity until the returned function is called. */
  watch(identity: Identity, proven: Proven, session: Rechecked): () => void {
    const authenticator = this.#options.authenticators.get(identity.authenticator)
    if (this.#options.intervalMs === Infinity || authenticator?.recheck === undefined) {
      return () => undefined
    }
    const watch: Watch = { identity, proven, authenticator, session, question: undefined }
    this.#wait(watch)
    return () => {
      this.#dueAt.delete(watch)
      this.#asking.delete(watch)
      watch.question?.abort(new GatewayError('client-lost', 'its session has ended'))
    }
  }

  /** @param now monotonic milliseconds */
  tick(now: number): void {
    for (const [watch, dueAt] of this.#dueAt) {
      if (dueAt > now || this.#asking.size >= maxAsking) return
      this.#dueAt.delete(watch)
      this.#asking.add(watch)
      void this.#ask(watch)
    }
  }

  crashed(thrown: unknown): void {
    this.#options.warn(String(thrown))
  }

  destroy(): void {
    this.#dueAt.clear()
    this.#asking.clear()
  }

  #wait(watch: Watch): void {
    this.#dueAt.set(watch, performance.now() + this.#options.intervalMs)
  }

  async #ask(watch: Watch): Promise<void> {
    watch.question = new AbortController()
    const verdict = await this.#verdict(watch, watch.question.signal)
    watch.question = undefined
    // Its session may have ended meanwhile.
    if (!this.#asking.delete(watch)) return
    if (verdict instanceof GatewayError) {
      watch.session.end(verdict)
      return
    }
    if (verdict !== undefined) watch.session.renew(verdict.expiresAt)
    this.#wait(watch)
  }

  /** @returns why the session ends, or the login as it is by now; undefined where nobody answers */
  async #verdict(
    { authenticator, identity, proven }: Watch,
    signal: AbortSignal,
  ): Promise<GatewayError | Identity | undefined> {
    try {
      const now = await authenticator.recheck?.(identity, { ...proven, signal })
      return now ?? new GatewayError('session-revoked', `${authenticator.name} refuses it by now`)
    } catch (thrown) {
      const { token, message } = GatewayError.from(thrown)
      if (token === 'credentials-expired') return new GatewayError('session-expired', message)
      if (token === 'credentials-invalid' || token === 'permission-missing') {
        return new GatewayError('session-revoked', message)
      }
      if (!signal.aborted) this.#options.warn(`${authenticator.name}: ${message}`)
      return undefined
    }
  }
}
