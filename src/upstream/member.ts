import type { LookupAddress } from 'node:dns'
import type { Server } from '../config/server-url.ts'
import { hashText } from './balance/hash.ts'
import type { HashPair } from './balance/hash.ts'
import type { MemberLease } from './lease.ts'

/**
 * What an operator allows a server: `ready` takes part; `drain` gets nothing new, but those who are
 * bound to it by a sticky cookie; `maintenance` gets nothing at all.
 */
export type MemberMode = 'ready' | 'drain' | 'maintenance'

/** One server as the configuration, or the DNS behind one of its names, gives it. */
export interface MemberSettings {
  /**
   * Names the member in its pool, over reloads and look-ups: the URL as it is written, and behind
   * it the first address where one URL stands for several servers.
   */
  readonly key: string
  readonly server: Server
  /**
   * Where to dial, in the order of trying. Undefined where nothing has to be looked up: a unix
   * socket, an address as host.
   */
  readonly addresses?: readonly LookupAddress[] | undefined
  /** Above 0, relative to the other members'. */
  readonly weight: number
  /** Sessions and requests at once; Infinity for no limit. */
  readonly maxConnections: number
}

/** What is known of the health of one member. Times are those of `performance.now()`. */
export interface MemberHealth {
  /** Neither marked down by checks nor ejected. A pool may use those that are not, in a panic. */
  isUp(now: number): boolean
  /** Its checks hold it down, as far as they are still made. */
  readonly failing: boolean
  /** How much of its weight it is to get: above 0, and 1 except in a slow start. */
  share(now: number): number
  /** It was connected to for a session or a request. */
  connected(now: number): void
  /** It could not be connected to for a session or a request. */
  connectFailed(now: number, error: Error): void
  /** The member has left its pool, or its health is watched by another from now on. */
  stop(): void
}

/** The health of a member that nothing watches. */
export const unwatched: MemberHealth = {
  isUp: () => true,
  failing: false,
  share: () => 1,
  connected: () => undefined,
  connectFailed: () => undefined,
  stop: () => undefined,
}

/**
 * One server of a pool: what is configured of it, and what is known of it. It lives as long as
 * its pool names it: a reload or a look-up changes its settings and keeps what is known, so that
 * live sessions stay counted.
 */
export class Member {
  mode: MemberMode = 'ready'
  /** The places taken on it, by sessions, requests and dials in progress. */
  readonly leases = new Set<MemberLease>()
  /** How often it was chosen. */
  picks = 0
  /** How often it could not be connected to. */
  connectFailures = 0
  /** How many of its checks passed, how many failed, and how often it was ejected. */
  checksPassed = 0
  checksFailed = 0
  ejections = 0
  /** Of the pool's round robin; nobody else's. */
  turn = 0
  health: MemberHealth = unwatched
  #settings: MemberSettings
  #hash: HashPair

  constructor(settings: MemberSettings) {
    this.#settings = settings
    this.#hash = hashText(settings.key)
  }

  get key(): string {
    return this.#settings.key
  }

  /** Of the key. */
  get hash(): HashPair {
    return this.#hash
  }

  get server(): Server {
    return this.#settings.server
  }

  get addresses(): readonly LookupAddress[] | undefined {
    return this.#settings.addresses
  }

  get maxConnections(): number {
    return this.#settings.maxConnections
  }

  /** Sessions, requests and dials in progress. */
  get live(): number {
    return this.leases.size
  }

  get full(): boolean {
    return this.leases.size >= this.#settings.maxConnections
  }

  /** Its weight among the others, less in a slow start. */
  weight(now: number): number {
    return this.#settings.weight * this.health.share(now)
  }

  /** @param settings without addresses where those that are known stay */
  configure(settings: MemberSettings): void {
    const { key, addresses } = this.#settings
    this.#settings = { ...settings, addresses: settings.addresses ?? addresses }
    if (settings.key !== key) this.#hash = hashText(settings.key)
  }
}
