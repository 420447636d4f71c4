import type { EdgeRequest } from '../listener/edge-request.ts'
import type { Peer } from '../peer.ts'
import type { Identity } from './identity.ts'
import type { Place } from './places.ts'

/** One request that wants to be somebody. */
export interface Attempt {
  /** As the client sent it. */
  readonly request: EdgeRequest
  /** The same without what any authenticator of the route could take for a credential. */
  readonly onward: EdgeRequest
  /** The subprotocols offered; empty for a plain request. */
  readonly protocols: readonly string[]
  readonly peer: Peer
  /** The route's name. */
  readonly route: string
  readonly upgrade: boolean
  readonly signal: AbortSignal
}

/**
 * An answer of a forward authenticator's server that the client is to see: a login page, a 401 of
 * its own.
 */
export interface AuthAnswer {
  readonly kind: 'answer'
  readonly status: number
  /** Name and value alternating. */
  readonly headers: readonly string[]
  readonly body: string
}

/** Undefined: no credential of this kind, so that the next authenticator may try. */
export type Verdict = Identity | AuthAnswer | undefined

/**
 * One way to prove who one is. Every implementation passes the suite of
 * test/unit/auth/authenticator-suite.ts.
 */
export interface Authenticator {
  /** Its name in the configuration. */
  readonly name: string
  readonly kind: 'jwt' | 'basic' | 'apiKey' | 'forward' | 'certificate' | 'ticket'
  /** A WWW-Authenticate value, where the method has one. */
  readonly challenge: string | undefined
  /** Where its credentials may stand; taken out of every request of a route that uses it. */
  readonly places: readonly Place[]
  /** Header names, lower case, that only it may set: a client's own go no further on its routes. */
  readonly owns?: readonly string[]
  /**
   * @throws {GatewayError} `credentials-invalid`, `credentials-expired`, `permission-missing`,
   * `auth-unavailable`, `client-limit`
   */
  authenticate(attempt: Attempt): Promise<Verdict>
  /** An identity as it is by now, for methods that can be asked again; undefined where it holds no longer. */
  recheck?(identity: Identity, attempt: Attempt): Promise<Identity | undefined>
  /** Lets go of timers and connections. */
  close?(): void
}
