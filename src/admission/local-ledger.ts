import { hash } from 'node:crypto'
import type { Rate } from '../config/rate.ts'
import type { Ledger, Release } from './ledger.ts'

/**
 * Keys of one account whose rate is metered at once. Their memory is bounded by it: some 5 MiB an
 * account.
 */
const defaultMaxMetered = 65_536
/** Longer keys stand as a hash: whoever chooses a key must not choose how much we hold. */
const maxKeyLength = 64
/** What rounding may cost, in milliseconds. */
const rounding = 1e-3

/** How many places are taken under one key. */
interface Taken {
  places: number
}

/** Counts in this process alone. */
export class LocalLedger implements Ledger {
  readonly #places = new Map<string, Map<string, Taken>>()
  readonly #meters = new Map<string, Meters>()
  readonly #now: () => number
  readonly #maxMetered: number

  /** @param now monotonic milliseconds */
  constructor(now: () => number = () => performance.now(), maxMetered = defaultMaxMetered) {
    this.#now = now
    this.#maxMetered = maxMetered
  }

  /** Keys that something is known of. */
  size(account: string): number {
    return (this.#places.get(account)?.size ?? 0) + (this.#meters.get(account)?.size ?? 0)
  }

  held(account: string, key: string): number {
    return this.#places.get(account)?.get(bounded(key))?.places ?? 0
  }

  acquire(account: string, key: string, max: number): Release | undefined {
    const places = this.#placesOf(account)
    const name = bounded(key)
    const taken = places.get(name) ?? { places: 0 }
    if (taken.places >= max) return undefined
    if (taken.places === 0) places.set(name, taken)
    taken.places++
    let released = false
    return () => {
      if (released) return
      released = true
      taken.places--
      // What is held bounds what is known: there are no more keys than sockets.
      if (taken.places === 0) places.delete(name)
    }
  }

  take(account: string, key: string, rate: Rate, burst: number): number {
    if (rate.count === Infinity) return 0
    let meters = this.#meters.get(account)
    if (meters === undefined) {
      meters = new Meters(this.#maxMetered)
      this.#meters.set(account, meters)
    }
    return meters.take(bounded(key), rate.perMs / rate.count, burst, this.#now())
  }

  giveBack(account: string, key: string, rate: Rate): void {
    if (rate.count === Infinity) return
    this.#meters.get(account)?.giveBack(bounded(key), rate.perMs / rate.count)
  }

  #placesOf(account: string): Map<string, Taken> {
    let places = this.#places.get(account)
    if (places === undefined) {
      places = new Map()
      this.#places.set(account, places)
    }
    return places
  }
}

/**
 * The token buckets of one account in GCRA's form: of each key only the time at which its bucket
 * will be full. One that is full is worth no more than an unknown one and may be forgotten; where
 * there are too many, the longest unused are. Whoever has addresses enough to make us forget has a
 * fresh bucket with each of them anyway; refusing what is not known would hit the innocent.
 *
 * Keys are kept in two generations and forgotten by whole ones. One map in order of use would do,
 * but looking for its oldest key walks over all that were deleted since it last grew: some 20 us a
 * take under a flood, where this is a third of one.
 */
class Meters {
  readonly #maxKeys: number
  #recent = new Map<string, number>()
  #older = new Map<string, number>()
  #recentSince = -Infinity
  #usedAt = -Infinity

  /** @param maxKeys of both generations */
  constructor(maxKeys: number) {
    this.#maxKeys = maxKeys
  }

  get size(): number {
    return this.#recent.size + this.#older.size
  }

  /** @param spacing milliseconds in which one token comes back */
  take(key: string, spacing: number, burst: number, now: number): number {
    const refill = spacing * Math.max(1, burst)
    const fullAt = Math.max(this.#forget(key, refill, now), now)
    const wait = fullAt + spacing - now - refill
    const taken = wait < rounding
    // Who is refused is not forgotten for it.
    this.#recent.set(key, taken ? fullAt + spacing : fullAt)
    this.#usedAt = now
    return taken ? 0 : wait
  }

  giveBack(key: string, spacing: number): void {
    const held = this.#recent.has(key) ? this.#recent : this.#older
    const fullAt = held.get(key)
    if (fullAt !== undefined) held.set(key, fullAt - spacing)
  }

  /**
   * Takes the key out of what is older, and lets go of what is old enough. @returns what is known
   * of it
   */
  #forget(key: string, refill: number, now: number): number {
    const recent = this.#recent.get(key)
    if (recent !== undefined) return recent
    const older = this.#older.get(key)
    this.#older.delete(key)
    if (now - this.#recentSince >= refill || this.#recent.size * 2 >= this.#maxKeys) {
      this.#older = now - this.#usedAt >= refill ? new Map() : this.#recent
      this.#recent = new Map()
      this.#recentSince = now
    }
    return older ?? 0
  }
}

function bounded(key: string): string {
  return key.length > maxKeyLength ? hash('sha256', key, 'base64url') : key
}
