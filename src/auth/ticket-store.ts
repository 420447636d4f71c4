import { createHash, randomBytes } from 'node:crypto'
import { GatewayError } from '../errors.ts'
import type { Attempt } from './authenticator.ts'
import type { Identity } from './identity.ts'

/** For whom a ticket is good, and who they are. */
export interface Grant {
  readonly identity: Identity
  /**
   * What the identity was given for: the request that asked for the ticket, as an upgrade to its
   * route.
   */
  readonly attempt: Attempt
  /** The route's name. */
  readonly route: string
  /** Undefined for clients that send none. */
  readonly origin: string | undefined
  /** The client's address after trusted proxies. */
  readonly client: string
}

interface Issued extends Grant {
  readonly holder: string
  /** By a clock that does not jump, in milliseconds. */
  readonly endsAt: number
  readonly forgottenAt: number
}

export interface TicketStoreOptions {
  readonly lifetimeMs: number
  /** Monotonic milliseconds. */
  readonly clock: () => number
  readonly capacity?: number
  readonly perHolder?: number
}

const ticketBytes = 32
const defaultCapacity = 100_000
/**
 * Tickets of one subject that are good at once: beyond it the oldest goes, so that nobody fills the
 * store alone.
 */
const defaultPerHolder = 100

/**
 * Tickets that have been given out and not spent. Kept under their hashes: memory holds nothing
 * that opens a door, and how long a look-up takes tells nothing about a ticket.
 */
export class TicketStore {
  readonly #options: Required<TicketStoreOptions>
  /** In the order in which they are forgotten. */
  readonly #issued = new Map<string, Issued>()
  readonly #byHolder = new Map<string, Set<string>>()

  constructor(options: TicketStoreOptions) {
    this.#options = { capacity: defaultCapacity, perHolder: defaultPerHolder, ...options }
  }

  get size(): number {
    return this.#issued.size
  }

  /**
   * @param withinMs the most that it may live, where that is less than the store's tickets do
   * @throws {GatewayError} `gateway-full`
   */
  issue(
    grant: Grant,
    withinMs = Infinity,
  ): { readonly ticket: string; readonly lifetimeMs: number } {
    const now = this.#options.clock()
    this.#forget(now)
    const { authenticator, subject } = grant.identity
    const holder = `${authenticator} ${subject}`
    const others = this.#byHolder.get(holder) ?? new Set()
    const [oldest] = others
    if (oldest !== undefined && others.size >= this.#options.perHolder) this.#remove(oldest)
    if (this.#issued.size >= this.#options.capacity) {
      throw new GatewayError('gateway-full', `${this.#issued.size} tickets are waiting`)
    }
    const ticket = randomBytes(ticketBytes).toString('base64url')
    const key = keyOf(ticket)
    const lifetimeMs = Math.min(this.#options.lifetimeMs, withinMs)
    const forgottenAt = now + this.#options.lifetimeMs
    this.#issued.set(key, { ...grant, holder, endsAt: now + lifetimeMs, forgottenAt })
    this.#byHolder.set(holder, others.add(key))
    return { ticket, lifetimeMs }
  }

  /**
   * Takes a ticket, whatever comes of it: one that was shown in the wrong place is in the wrong
   * hands.
   * @returns undefined where there is none
   * @throws {GatewayError} `credentials-expired`
   */
  spend(ticket: string): Grant | undefined {
    const key = keyOf(ticket)
    const issued = this.#issued.get(key)
    if (issued === undefined) return undefined
    this.#remove(key)
    if (issued.endsAt <= this.#options.clock()) {
      throw new GatewayError('credentials-expired', 'the ticket has expired')
    }
    return issued
  }

  #forget(now: number): void {
    for (const [key, { forgottenAt }] of this.#issued) {
      if (forgottenAt > now) return
      this.#remove(key)
    }
  }

  #remove(key: string): void {
    const holder = this.#issued.get(key)?.holder
    this.#issued.delete(key)
    if (holder === undefined) return
    const others = this.#byHolder.get(holder)
    others?.delete(key)
    if (others?.size === 0) this.#byHolder.delete(holder)
  }
}

function keyOf(ticket: string): string {
  return createHash('sha256').update(ticket).digest('base64url')
}
