import type { Identity } from './identity.ts'
import { keyOf, namesOf } from './revocation.ts'

export interface RevocationsOptions {
  /** Epoch milliseconds. */
  readonly now: () => number
  /**
   * Whether an authenticator asks another server about each credential, which knows itself whose
   * login has ended.
   */
  readonly asksAnew: (authenticator: string) => boolean
  /** Told when one has to be forgotten before its time. */
  readonly overflowed?: () => void
  readonly capacity?: number
}

interface Refused {
  /** When it was revoked, in epoch milliseconds. */
  readonly at: number
  /** When nothing it refuses can be valid any more. */
  readonly until: number
}

/** Revocations that are remembered; a hundred bytes or two each. */
const defaultCapacity = 100_000
/** Authenticators may let pass what expired a moment ago by our clock. */
const toleranceMs = 3_600_000
/** How often the ones that are over are looked for. */
const purgeMs = 60_000

/**
 * The credentials that are refused although they are valid. What a subject was issued afterwards is
 * good again, where the credential says when that was (`iat`); one that does not say (a password, a
 * key, a certificate) is refused for as long as this process lives, since nothing tells a new one
 * from the old.
 */
export class Revocations {
  readonly #options: RevocationsOptions
  readonly #capacity: number
  /** In the order in which they came. */
  readonly #refused = new Map<string, Refused>()
  #purgedAt: number

  constructor(options: RevocationsOptions) {
    this.#options = options
    this.#capacity = options.capacity ?? defaultCapacity
    this.#purgedAt = options.now()
  }

  get size(): number {
    return this.#refused.size
  }

  /**
   * @param key of `keyOf`
   * @param expiresAt when what it refuses is over anyway
   */
  refuse(key: string, expiresAt = Infinity): void {
    const at = this.#options.now()
    const until = expiresAt + toleranceMs
    if (until <= at) return
    this.#refused.delete(key)
    this.#makeRoom(at)
    this.#refused.set(key, { at, until })
  }

  /** Refuses the one credential behind an identity. */
  refuseCredential({ fingerprint, expiresAt }: Identity): void {
    this.refuse(fingerprintKey(fingerprint), expiresAt)
  }

  /** Whether an identity's credential has been revoked. */
  refuses(identity: Identity): boolean {
    if (this.#refused.size === 0) return false
    if (this.#find(fingerprintKey(identity.fingerprint)) !== undefined) return true
    return namesOf(identity).some(({ kind, value }) =>
      ['', identity.authenticator].some((authenticator) => {
        const refused = this.#find(keyOf(kind, authenticator, value))
        if (refused === undefined) return false
        const isDated = kind === 'subject' || kind === 'nameless'
        return !isDated || !this.#isNewer(identity, refused.at)
      }),
    )
  }

  #find(key: string): Refused | undefined {
    const refused = this.#refused.get(key)
    return refused !== undefined && refused.until > this.#options.now() ? refused : undefined
  }

  /**
   * Issuers count in seconds: what was issued in the second of the revocation may have been before
   * it.
   */
  #isNewer({ authenticator, claims }: Identity, at: number): boolean {
    if (this.#options.asksAnew(authenticator)) return true
    const issued = claims['iat']
    return typeof issued === 'number' && Math.floor(issued) > Math.floor(at / 1000)
  }

  #makeRoom(now: number): void {
    if (this.#refused.size < this.#capacity) return
    if (now - this.#purgedAt >= purgeMs) {
      this.#purgedAt = now
      for (const [key, { until }] of this.#refused) if (until <= now) this.#refused.delete(key)
    }
    if (this.#refused.size < this.#capacity) return
    const [oldest] = this.#refused.keys()
    if (oldest !== undefined) this.#refused.delete(oldest)
    this.#options.overflowed?.()
  }
}

function fingerprintKey(fingerprint: string): string {
  return `fingerprint\0${fingerprint}`
}
