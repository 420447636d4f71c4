import type { JwtConfig } from '../config/settled/authenticators.ts'
import { GatewayError } from '../errors.ts'
import type { Attempt, Authenticator } from './authenticator.ts'
import { tokenChallenge } from './challenge.ts'
import type { Fingerprints } from './fingerprint.ts'
import type { Identity } from './identity.ts'
import { logoutEvent } from './logout-event.ts'
import { missingPermission } from './permissions.ts'
import { findCredential } from './places.ts'
import type { Place } from './places.ts'
import { Recent } from './recent.ts'
import type { TokenVerifier, VerifiedToken } from './token-verifier.ts'

/** What the authenticators of a process share. */
export interface JwtParts {
  /** Is closed with the authenticator. */
  readonly verifier: TokenVerifier
  readonly fingerprints: Fingerprints
  /** Epoch milliseconds. */
  readonly now: () => number
}

/**
 * How long, and of how many tokens, the signature is not checked again: a page's requests come with
 * one token.
 */
const recentMs = 30_000
const mostRecent = 1_000

/** JSON Web Tokens of one issuer. */
export class JwtAuthenticator implements Authenticator {
  readonly kind = 'jwt'
  readonly name: string
  readonly challenge: string
  readonly places: readonly Place[]
  readonly #config: JwtConfig
  readonly #parts: JwtParts
  readonly #recent: Recent<Identity>

  constructor(name: string, config: JwtConfig, parts: JwtParts) {
    this.name = name
    this.places = config.from
    this.challenge = tokenChallenge(name, config.from)
    this.#config = config
    this.#parts = parts
    this.#recent = new Recent(mostRecent, parts.now)
  }

  async authenticate(attempt: Attempt): Promise<Identity | undefined> {
    const token = findCredential({ places: this.places, scheme: 'Bearer' }, attempt)
    if (token === undefined) return undefined
    const key = this.#parts.fingerprints.of(token)
    const known = this.#recent.get(key)
    if (known !== undefined) return known
    const verified = await this.#verify(token, attempt.signal)
    const missing = missingPermission(verified.claims, this.#config)
    if (missing !== undefined) throw this.#forbidden(missing)
    const identity = this.#identityOf(verified, token)
    const refusedAt = identity.expiresAt + this.#config.clockTolerance
    this.#recent.put(key, identity, Math.min(this.#parts.now() + recentMs, refusedAt))
    return identity
  }

  close(): void {
    this.#parts.verifier.close()
  }

  async #verify(token: string, signal: AbortSignal): Promise<VerifiedToken> {
    try {
      const verified = await this.#parts.verifier.verify(token, { requiredClaims: ['exp'] }, signal)
      if (isOfOtherUse(verified)) {
        throw new GatewayError('credentials-invalid', 'the token was made for another purpose')
      }
      return verified
    } catch (error) {
      if (!(error instanceof GatewayError) || error.fault.status !== 401) throw error
      const challenge = tokenChallenge(this.name, this.places, { error: 'invalid_token' })
      const { token, message } = error
      throw new GatewayError(token, message, { headers: ['WWW-Authenticate', challenge] })
    }
  }

  #forbidden(missing: string): GatewayError {
    const { scopes } = this.#config
    const scope = scopes.length === 0 ? {} : { scope: scopes.join(' ') }
    const params = { error: 'insufficient_scope', ...scope }
    const challenge = tokenChallenge(this.name, this.places, params)
    return new GatewayError('permission-missing', `the token lacks ${JSON.stringify(missing)}`, {
      headers: ['WWW-Authenticate', challenge],
    })
  }

  #identityOf({ claims, signed }: VerifiedToken, token: string): Identity {
    return {
      authenticator: this.name,
      subject: textOf(claims['sub']) ?? textOf(claims['client_id']) ?? '',
      name:
        textOf(claims['name']) ?? textOf(claims['preferred_username']) ?? textOf(claims['email']),
      claims,
      expiresAt: Number(claims['exp']) * 1000,
      credentialId: textOf(claims['jti']),
      sessionId: textOf(claims['sid']),
      fingerprint: this.#parts.fingerprints.of(signed),
      headers: this.#config.passCredential ? ['Authorization', `Bearer ${token}`] : [],
    }
  }
}

/**
 * Whether an issuer made it for something that is no login. A type `…+jwt` says what for (RFC 8725
 * section 3.11); older logout tokens have none, and tell by their event.
 */
function isOfOtherUse({ typ, claims }: VerifiedToken): boolean {
  if (typ !== undefined && typeof typ !== 'string') return true
  if (logoutEvent(claims) !== undefined) return true
  const type = typ?.toLowerCase() ?? ''
  return type.endsWith('+jwt') && !type.endsWith('at+jwt')
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined
}
