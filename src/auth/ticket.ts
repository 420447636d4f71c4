import type { TicketConfig } from '../config/settled/authenticators.ts'
import { GatewayError } from '../errors.ts'
import type { Attempt, Authenticator } from './authenticator.ts'
import type { Identity } from './identity.ts'
import { findCredential } from './places.ts'
import type { Place } from './places.ts'
import { TicketStore } from './ticket-store.ts'

export interface TicketClocks {
  /** Epoch milliseconds: credentials end by this one. */
  readonly now: () => number
  /** Monotonic milliseconds: tickets end by this one. */
  readonly clock: () => number
}

/**
 * Single-use tickets: how a page opens a WebSocket as somebody without a cookie, since a browser
 * lets it send no header. The page asks for one with a plain request, which can carry a credential,
 * and puts it into the WebSocket's URL. A ticket that is read there afterwards (in a log, a
 * history) opens nothing.
 */
export class TicketAuthenticator implements Authenticator {
  readonly kind = 'ticket'
  readonly name: string
  /** No client can come with one that it has not asked for: the others' challenges say how. */
  readonly challenge = undefined
  readonly places: readonly Place[]
  /** Where tickets are given out. */
  readonly path: string
  readonly #bindAddress: boolean
  readonly #store: TicketStore
  readonly #now: () => number
  /** By what the identities of spent tickets were proved. */
  readonly #proofs = new WeakMap<Identity, Attempt>()

  constructor(name: string, config: TicketConfig, { now, clock }: TicketClocks) {
    this.name = name
    this.path = config.path
    this.places = [{ kind: 'query', name: config.query }]
    this.#bindAddress = config.bindAddress
    this.#store = new TicketStore({ lifetimeMs: config.lifetime, clock })
    this.#now = now
  }

  /**
   * Gives a ticket out, for the route of an attempt that has passed the route's other
   * authenticators.
   * @throws {GatewayError} `gateway-full`
   */
  issue(identity: Identity, attempt: Attempt): { ticket: string; lifetimeMs: number } {
    const { request, route } = attempt
    const origin = request.headers.one('origin')
    const left = Math.max(0, identity.expiresAt - this.#now())
    return this.#store.issue({ identity, attempt, route, origin, client: request.client }, left)
  }

  // An async function, so that what is thrown is a rejection.
  async authenticate(attempt: Attempt): Promise<Identity | undefined> {
    const ticket = findCredential({ places: this.places, scheme: 'Bearer' }, attempt)
    if (ticket === undefined) return undefined
    if (!attempt.upgrade) throw invalid('a ticket is for one WebSocket, not for plain requests')
    const grant = this.#store.spend(ticket)
    if (grant === undefined) throw invalid('there is no such ticket, or it has been used')
    const { request, route } = attempt
    if (grant.route !== route) throw invalid(`the ticket is for ${grant.route}`)
    if (grant.origin !== request.headers.one('origin'))
      throw invalid('the ticket is for a page of another origin')
    if (this.#bindAddress && grant.client !== request.client) {
      throw invalid('the ticket was given to another address')
    }
    const identity = { ...grant.identity }
    this.#proofs.set(identity, grant.attempt)
    return identity
  }

  /** What the identity of a spent ticket was given for, for whoever asks again. */
  proofOf(identity: Identity): Attempt | undefined {
    return this.#proofs.get(identity)
  }
}

function invalid(message: string): GatewayError {
  return new GatewayError('credentials-invalid', message)
}
