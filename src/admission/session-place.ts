import type { Identity } from '../auth/identity.ts'
import type { RouteLimits } from '../config/settled/limits.ts'
import { GatewayError } from '../errors.ts'
import { unixAddress } from '../peer.ts'
import { clientKey } from './client-key.ts'
import type { Ledger, Release } from './ledger.ts'

export type SessionLimits = Pick<RouteLimits, 'sessions' | Shared | 'own'>

/** What may be counted over several routes. */
type Shared = 'sessionsPerClient' | 'sessionsPerIdentity'

/** What wants to become a session. */
export interface SessionRequest {
  /** The route's name. */
  readonly route: string
  /** Its address after trusted proxies. */
  readonly client: string
  /** The route's. */
  readonly limits: SessionLimits
}

/**
 * The places of one session in the counts, from the check that acquires them to the session's end.
 * A limit that a route has from the global ones counts the sessions of all routes that have it from
 * there; a route's own counts its own.
 */
export class SessionPlace {
  readonly #ledger: Ledger
  readonly #request: SessionRequest
  readonly #held: Release[] = []

  constructor(ledger: Ledger, request: SessionRequest) {
    this.#ledger = ledger
    this.#request = request
  }

  /**
   * Before authentication, which costs more than this.
   * @throws {GatewayError} `client-limit`
   */
  admitClient(): void {
    const { client } = this.#request
    // Nothing tells the clients of a unix socket apart.
    if (client === unixAddress || this.#acquire('sessionsPerClient', clientKey(client))) return
    throw new GatewayError('client-limit', `${client} holds ${this.#max('sessionsPerClient')}`)
  }

  /**
   * After authentication: whoever has not passed it must not fill a route.
   * @param identity undefined where the route asks for none
   * @throws {GatewayError} `identity-limit`, `route-limit`
   */
  admitIdentity(identity: Identity | undefined): void {
    if (identity !== undefined) {
      const { authenticator, subject, name, fingerprint } = identity
      // Tokens that name nobody are not one login; each stands for itself.
      const key = subject === '' ? `${fingerprint} of nobody` : subject
      if (!this.#acquire('sessionsPerIdentity', `${authenticator} ${key}`)) {
        const who = name ?? (subject === '' ? 'the credential' : subject)
        throw new GatewayError('identity-limit', `${who} holds ${this.#max('sessionsPerIdentity')}`)
      }
    }
    const { route, limits } = this.#request
    const release = this.#ledger.acquire('sessions', route, limits.sessions)
    if (release === undefined) {
      throw new GatewayError('route-limit', `${route} holds ${limits.sessions} sessions`)
    }
    this.#held.push(release)
  }

  /** Gives back everything that has been acquired, once however often it is called. */
  release(): void {
    for (const release of this.#held.splice(0)) release()
  }

  #acquire(limit: Shared, key: string): boolean {
    const { limits } = this.#request
    if (limits[limit] === Infinity) return true
    // Names of routes and of authenticators have no blanks.
    const release = this.#ledger.acquire(limit, `${this.#scope(limit)} ${key}`, limits[limit])
    if (release !== undefined) this.#held.push(release)
    return release !== undefined
  }

  #scope(limit: Shared): string {
    const { route, limits } = this.#request
    return limits.own[limit] ? route : ''
  }

  #max(limit: Shared): string {
    return `${this.#request.limits[limit]} sessions`
  }
}
