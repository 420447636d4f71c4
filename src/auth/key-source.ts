import type { KeyObject } from 'node:crypto'
import { GatewayError } from '../errors.ts'
import { algorithmsOf } from './algorithms.ts'

/** What the header of a token says of the key, before anything of it can be believed. */
export interface WantedKey {
  readonly alg: string
  readonly kid: unknown
}

/** The keys that an issuer signs with. */
export interface KeySource {
  /** With which algorithms, where the configuration does not say. */
  readonly algorithms: readonly string[]
  /**
   * @throws {GatewayError} `credentials-invalid` where there is no such key, `auth-unavailable`
   * where nobody knows
   */
  find(wanted: WantedKey, signal: AbortSignal): Promise<KeyObject>
  close(): void
}

/** One key, whatever a token calls it. */
export class SingleKey implements KeySource {
  readonly algorithms: readonly string[]
  readonly #key: KeyObject

  constructor(key: KeyObject) {
    this.#key = key
    this.algorithms = algorithmsOf(key)
  }

  find({ alg }: WantedKey): Promise<KeyObject> {
    return this.algorithms.includes(alg) ? Promise.resolve(this.#key) : Promise.reject(noKey())
  }

  close(): void {
    // Nothing is held.
  }
}

export function noKey(): GatewayError {
  return new GatewayError('credentials-invalid', 'the token is signed with a key that is not known')
}
