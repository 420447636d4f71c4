import { errors, jwtVerify } from 'jose'
import type { JWTPayload } from 'jose'
import { GatewayError } from '../errors.ts'
import type { KeySource } from './key-source.ts'

/** What every token of an issuer must say. */
export interface TokenRules {
  readonly issuer?: string
  /** Any of these. */
  readonly audience?: readonly string[]
  /** Undefined: what fits the keys. */
  readonly algorithms?: readonly string[]
  /** How far the issuer's clock may be off, in milliseconds. */
  readonly clockTolerance: number
}

/** What a use of tokens asks of them besides. */
export interface TokenUse {
  readonly requiredClaims: readonly string[]
  /** Milliseconds after `iat`. */
  readonly maxAge?: number
}

export interface VerifiedToken {
  /** The `typ` of the header, as it was written. */
  readonly typ: unknown
  readonly claims: Readonly<Record<string, unknown>>
  /**
   * What was signed. Signatures have other spellings that are as good (unused bits of base64url,
   * the other one of two ECDSA values), this has none.
   */
  readonly signed: string
}

/**
 * Exact base64url: decoders take blanks and padding for nothing, and what they skip could hide one
 * token in another.
 */
const compact = /^([\w-]+\.[\w-]+)\.[\w-]+$/

/**
 * Checks signatures and registered claims of JSON Web Tokens (RFC 7519): the one place where jose
 * is used.
 */
export class TokenVerifier {
  readonly #keys: KeySource
  readonly #rules: TokenRules
  readonly #algorithms: readonly string[]
  readonly #now: () => number

  /** @throws {Error} for algorithms that do not fit the keys */
  constructor(keys: KeySource, rules: TokenRules, now: () => number) {
    this.#keys = keys
    this.#rules = rules
    this.#algorithms = rules.algorithms ?? keys.algorithms
    this.#now = now
    if (keys.algorithms.length === 0) throw new Error('the key is of a kind that signs no tokens')
    const strange = this.#algorithms.find((name) => !keys.algorithms.includes(name))
    if (strange !== undefined) throw new Error(`${strange} does not fit the key`)
  }

  /**
   * @throws {GatewayError} `credentials-invalid`, `credentials-expired`, `auth-unavailable`; the
   * signal's reason
   */
  async verify(token: string, use: TokenUse, signal: AbortSignal): Promise<VerifiedToken> {
    signal.throwIfAborted()
    const [, signed] = compact.exec(token) ?? []
    if (signed === undefined) throw invalid('this is no signed token')
    const { issuer, audience, clockTolerance } = this.#rules
    try {
      const { protectedHeader, payload } = await jwtVerify(
        token,
        ({ alg, kid }) => this.#keys.find({ alg, kid }, signal),
        {
          algorithms: [...this.#algorithms],
          ...(issuer === undefined ? {} : { issuer }),
          ...(audience === undefined ? {} : { audience: [...audience] }),
          ...(use.maxAge === undefined ? {} : { maxTokenAge: use.maxAge / 1000 }),
          requiredClaims: [...use.requiredClaims],
          clockTolerance: clockTolerance / 1000,
          currentDate: new Date(this.#now()),
        },
      )
      return { typ: protectedHeader.typ, claims: checked(payload), signed }
    } catch (error) {
      throw refused(error)
    }
  }

  close(): void {
    this.#keys.close()
  }
}

/** Epoch seconds beyond it are no dates in JavaScript; `1e999`, which JSON allows, is Infinity. */
const lastSecond = 8.64e12

function checked(payload: JWTPayload): JWTPayload {
  const { exp, sub, sid, jti } = payload as Record<string, unknown>
  if (typeof exp === 'number' && !(exp <= lastSecond)) throw invalid('"exp" is beyond all dates')
  for (const [name, value] of Object.entries({ sub, sid, jti })) {
    if (value !== undefined && typeof value !== 'string') throw invalid(`"${name}" is no string`)
  }
  return payload
}

/**
 * jose's errors as ours. They are not kept as causes: some hold the claims, others what JSON.parse
 * quoted of a text that was no JSON.
 */
function refused(error: unknown): GatewayError {
  if (error instanceof GatewayError) return error
  if (error instanceof errors.JWTExpired) {
    return new GatewayError('credentials-expired', 'the token has expired')
  }
  if (error instanceof errors.JOSEError) return invalid(error.message)
  return invalid('the token cannot be checked')
}

function invalid(message: string): GatewayError {
  return new GatewayError('credentials-invalid', message)
}
