import { hash, timingSafeEqual } from 'node:crypto'
import type { ApiKey } from '../config/api-keys.ts'
import type { ApiKeyConfig } from '../config/settled/authenticators.ts'
import { GatewayError } from '../errors.ts'
import type { Attempt, Authenticator, Verdict } from './authenticator.ts'
import { challenge, tokenChallenge } from './challenge.ts'
import type { Fingerprints } from './fingerprint.ts'
import type { Identity } from './identity.ts'
import { findCredential } from './places.ts'
import type { CredentialPlaces, Place } from './places.ts'

/**
 * Lets pass by keys of which the gateway knows no more than their SHA-256: keys are long and
 * random, so that nothing slower is needed to keep them from being guessed.
 */
export class ApiKeyAuthenticator implements Authenticator {
  readonly name: string
  readonly kind = 'apiKey'
  readonly challenge: string
  readonly places: readonly Place[]
  readonly #wanted: CredentialPlaces
  readonly #passCredential: boolean
  readonly #byHash: ReadonlyMap<string, ApiKey>
  readonly #fingerprints: Fingerprints
  readonly #now: () => number

  constructor(
    name: string,
    config: ApiKeyConfig,
    keys: readonly ApiKey[],
    parts: { readonly fingerprints: Fingerprints; readonly now?: () => number },
  ) {
    this.name = name
    this.challenge = challengeOf(name, config)
    this.places = config.from
    this.#wanted = { places: config.from, scheme: 'Bearer' }
    this.#passCredential = config.passCredential
    this.#byHash = new Map(keys.map((key) => [key.sha256, key]))
    this.#fingerprints = parts.fingerprints
    this.#now = parts.now ?? Date.now
  }

  async authenticate(attempt: Attempt): Promise<Verdict> {
    const credential = findCredential(this.#wanted, attempt)
    if (credential === undefined) return undefined
    const key = this.#find(credential)
    if (key === undefined) throw new GatewayError('credentials-invalid', 'an unknown API key')
    if (key.expiresAt <= this.#now()) {
      throw new GatewayError('credentials-expired', `the API key of ${key.name} has expired`)
    }
    return this.#identity(key, credential)
  }

  /**
   * A map's lookup takes a time that depends on the hash that is looked for, and nobody can choose
   * a key by what its hash begins with, short of finding it by trial. The comparison of the whole
   * is in constant time besides.
   */
  #find(credential: string): ApiKey | undefined {
    // Keys are ASCII; what else comes has more than one reading as bytes.
    if (!/^[\x21-\x7e]+$/.test(credential)) return undefined
    const presented = hash('sha256', credential, 'hex')
    const key = this.#byHash.get(presented)
    if (key === undefined) return undefined
    return timingSafeEqual(Buffer.from(presented), Buffer.from(key.sha256)) ? key : undefined
  }

  #identity(key: ApiKey, credential: string): Identity {
    return {
      authenticator: this.name,
      subject: key.name,
      name: key.name,
      claims: {},
      expiresAt: key.expiresAt,
      credentialId: key.name,
      sessionId: undefined,
      fingerprint: this.#fingerprints.of(`apiKey\0${key.sha256}`),
      headers: this.#passCredential ? ['Authorization', `Bearer ${credential}`] : [],
    }
  }
}

/**
 * No scheme is registered for keys in headers of their own; who reads this learns where theirs
 * belongs.
 */
function challengeOf(realm: string, { from, header, query }: ApiKeyConfig): string {
  if (header !== undefined && header !== 'authorization') {
    return challenge('ApiKey', { realm, header })
  }
  if (header === undefined && query !== undefined) return challenge('ApiKey', { realm, query })
  return tokenChallenge(realm, from)
}
