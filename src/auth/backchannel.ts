import { GatewayError } from '../errors.ts'
import { logoutEvent } from './logout-event.ts'
import type { TokenVerifier, VerifiedToken } from './token-verifier.ts'

/**
 * Whose sessions an identity provider has ended: those of a subject, of one login, or of both named
 * at once.
 */
export interface Logout {
  /** The authenticator whose identities are meant: others may have the same subjects. */
  readonly authenticator: string
  readonly subject: string | undefined
  readonly sessionId: string | undefined
}

/** Providers send a logout when it happens; one that is older than this was kept by somebody. */
const maxAgeMs = 300_000

/**
 * Checks the logout tokens of one issuer (OpenID Connect Back-Channel Logout 1.0 section 2.6), with
 * the keys that its other tokens are checked with.
 */
export class LogoutTokens {
  readonly #authenticator: string
  readonly #verifier: TokenVerifier
  readonly #now: () => number
  readonly #keptMs: number
  /** `jti` -> when it may be forgotten, oldest first. Only what the issuer has signed gets in. */
  readonly #seen = new Map<string, number>()

  /** @param clockTolerance in milliseconds, the verifier's */
  constructor(
    authenticator: string,
    verifier: TokenVerifier,
    options: { readonly clockTolerance: number; readonly now: () => number },
  ) {
    this.#authenticator = authenticator
    this.#verifier = verifier
    this.#now = options.now
    // It may come as early as its clock is fast, and is refused for its age as late as its clock is
    // slow.
    this.#keptMs = maxAgeMs + 2 * options.clockTolerance + 1000
  }

  /**
   * @throws {GatewayError} `credentials-invalid`, `credentials-expired`, `auth-unavailable`; the
   * signal's reason
   */
  async verify(token: string, signal: AbortSignal): Promise<Logout> {
    const use = { requiredClaims: ['iat', 'jti', 'events'], maxAge: maxAgeMs }
    const verified = await this.#verifier.verify(token, use, signal)
    const { claims } = verified
    checkShape(verified)
    const logout = {
      authenticator: this.#authenticator,
      subject: textOf(claims['sub']),
      sessionId: textOf(claims['sid']),
    }
    if (logout.subject === undefined && logout.sessionId === undefined) {
      throw invalid('the logout token names neither a subject nor a session')
    }
    this.#use(textOf(claims['jti']))
    return logout
  }

  /** A logout that is repeated would end sessions that began after it. */
  #use(id: string | undefined): void {
    if (id === undefined) throw invalid('the logout token has no id')
    const now = this.#now()
    for (const [seen, until] of this.#seen) {
      if (until > now) break
      this.#seen.delete(seen)
    }
    if (this.#seen.has(id)) throw invalid('the logout token was used before')
    this.#seen.set(id, now + this.#keptMs)
  }
}

function checkShape({ typ, claims }: VerifiedToken): void {
  const type = typeof typ === 'string' ? typ.toLowerCase().replace(/^application\//, '') : typ
  if (type !== undefined && type !== 'jwt' && type !== 'logout+jwt') {
    throw invalid('this is no logout token')
  }
  const event = logoutEvent(claims)
  if (typeof event !== 'object' || event === null || Array.isArray(event)) {
    throw invalid('this is no logout token')
  }
  // An ID token has one; a logout token must not, so that neither passes for the other.
  if (Object.hasOwn(claims, 'nonce')) throw invalid('a logout token has no nonce')
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined
}

function invalid(message: string): GatewayError {
  return new GatewayError('credentials-invalid', message)
}
