import type { KeyObject } from 'node:crypto'
import { parseJwk } from '../config/public-key.ts'
import type { PublicJwk } from '../config/public-key.ts'
import { GatewayError } from '../errors.ts'
import { algorithmsOf, publicAlgorithms } from './algorithms.ts'
import { noKey } from './key-source.ts'
import type { KeySource, WantedKey } from './key-source.ts'

type Jwk = PublicJwk & Readonly<Record<string, unknown>>

interface SetKey {
  readonly key: KeyObject
  readonly algorithms: readonly string[]
}

const mostKeys = 100

/**
 * A JSON Web Key Set (RFC 7517): what of it can check signatures, by key id. Nothing else of a
 * token chooses a key.
 */
export class KeySet {
  /** A Map: key ids are the client's text. */
  readonly #byId = new Map<string, SetKey[]>()
  readonly #all: SetKey[] = []

  /**
   * @throws {Error} where the text is no key set, holds too many keys, or none that can check a
   * signature
   */
  constructor(text: string) {
    for (const jwk of keysIn(text)) {
      const key = readKey(jwk)
      if (key === undefined) continue
      this.#all.push(key)
      if (typeof jwk['kid'] !== 'string') continue
      const others = this.#byId.get(jwk['kid'])
      if (others === undefined) this.#byId.set(jwk['kid'], [key])
      else others.push(key)
    }
    if (this.#all.length === 0) throw new Error('the key set holds no key for signatures')
  }

  /**
   * The one key that fits; a token without a key id gets one where there is but one to choose from.
   * @returns undefined where none fits
   * @throws {GatewayError} `credentials-invalid` where several do
   */
  find({ alg, kid }: WantedKey): KeyObject | undefined {
    if (kid !== undefined && typeof kid !== 'string') throw noKey()
    const named = kid === undefined ? this.#all : (this.#byId.get(kid) ?? [])
    const [found, ...others] = named.filter(({ algorithms }) => algorithms.includes(alg))
    if (others.length > 0) {
      throw new GatewayError(
        'credentials-invalid',
        'the token does not say which key it is signed with',
      )
    }
    return found?.key
  }
}

/** The key set in a file: it is what it is until the configuration is read again. */
export class FixedKeySet implements KeySource {
  readonly algorithms = publicAlgorithms
  readonly #keys: KeySet

  constructor(keys: KeySet) {
    this.#keys = keys
  }

  // An async function, so that what is thrown is a rejection.
  async find(wanted: WantedKey): Promise<KeyObject> {
    const key = this.#keys.find(wanted)
    if (key === undefined) throw noKey()
    return key
  }

  close(): void {
    // Nothing is held.
  }
}

function keysIn(text: string): Jwk[] {
  const set = parsed(text)
  const keys = isObject(set) ? set['keys'] : undefined
  if (!Array.isArray(keys)) throw new Error('this is no key set')
  if (keys.length > mostKeys) throw new Error(`the key set holds more than ${mostKeys} keys`)
  return keys.filter(isJwk)
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    // JSON.parse quotes what it does not understand: that belongs to whoever answered.
    throw new Error('the key set is no JSON')
  }
}

/**
 * Undefined for what encrypts, is no public key, or is of a kind that is not known: others may
 * stand beside it.
 */
function readKey(jwk: Jwk): SetKey | undefined {
  const { use, key_ops: operations, alg } = jwk
  if (use !== undefined && use !== 'sig') return undefined
  if (Array.isArray(operations) && !operations.includes('verify')) return undefined
  const key = parseJwk(jwk)
  if (typeof key === 'string') return undefined
  const able = algorithmsOf(key)
  return { key, algorithms: alg === undefined ? able : able.filter((name) => name === alg) }
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function isJwk(value: unknown): value is Jwk {
  return isObject(value) && typeof value['kty'] === 'string'
}
