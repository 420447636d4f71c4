import { GatewayError } from '../errors.ts'
import type { Token } from '../errors.ts'
import type { Attempt, AuthAnswer, Authenticator } from './authenticator.ts'
import type { Identity } from './identity.ts'
import type { Place } from './places.ts'

/**
 * The authenticators of a route, in its order: any of them may let pass, and the first that does
 * decides who it is. One that finds its credential wrong does not end the matter, since two
 * issuers' tokens stand in the same place.
 */
export class AuthChain {
  /** Where any of them looks for credentials. */
  readonly places: readonly Place[]
  readonly #authenticators: readonly Authenticator[]

  /** @param authenticators at least one; they are not closed with this */
  constructor(authenticators: readonly Authenticator[]) {
    this.#authenticators = authenticators
    this.places = authenticators.flatMap(({ places }) => places)
  }

  /**
   * @returns who it is; or where nobody lets pass, what a server that was asked wants the client to
   * see
   * @throws {GatewayError} `credentials-missing`, what authenticators throw; the signal's reason
   */
  async authenticate(attempt: Attempt): Promise<Identity | AuthAnswer> {
    const failures = new Map<Authenticator, GatewayError>()
    let answer: AuthAnswer | undefined
    for (const authenticator of this.#authenticators) {
      try {
        const verdict = await authenticator.authenticate(attempt)
        if (verdict === undefined) continue
        if (!('kind' in verdict)) return verdict
        answer ??= verdict
      } catch (thrown) {
        if (attempt.signal.aborted) throw attempt.signal.reason
        // A bug is no verdict, and nobody passes by it.
        if (!(thrown instanceof GatewayError)) throw thrown
        failures.set(authenticator, thrown)
      }
    }
    const failure = mostTelling([...failures.values()])
    if (answer !== undefined && weightOf(failure) <= weightOf(undefined)) return answer
    throw this.#refusal(failure, failures)
  }

  /** A 401 tells every way to come in, and of those that failed how (RFC 9110 section 15.5.2). */
  #refusal(
    failure: GatewayError | undefined,
    failures: ReadonlyMap<Authenticator, GatewayError>,
  ): GatewayError {
    if (failure !== undefined && failure.fault.status !== 401) return failure
    const headers = this.#authenticators.flatMap((authenticator) => {
      const own = failures.get(authenticator)
      if (own?.fault.status === 401 && own.headers.length > 0) return own.headers
      const { challenge } = authenticator
      return challenge === undefined ? [] : ['WWW-Authenticate', challenge]
    })
    const { token, message, cause } = failure ?? {
      token: 'credentials-missing',
      message: 'no credential of any kind that the route takes',
      cause: undefined,
    }
    return new GatewayError(token, message, { headers, cause })
  }
}

/**
 * From the least telling up; a server's own answer tells as much as nothing does, and less than
 * what is not here.
 */
const ranks: readonly Token[] = [
  'credentials-invalid',
  'credentials-expired',
  // The credential may be the one that could not be checked.
  'auth-unavailable',
  'client-limit',
  'permission-missing',
]
/**
 * A login page, or a 401 of an application's own, is of more use than "wrong" or "expired", not
 * than the rest.
 */
const answerRank = ranks.indexOf('credentials-expired')

function weightOf(failure: GatewayError | undefined): number {
  return failure === undefined ? answerRank : ranks.indexOf(failure.token)
}

function mostTelling(failures: readonly GatewayError[]): GatewayError | undefined {
  let most: GatewayError | undefined
  for (const failure of failures) {
    if (most === undefined || weightOf(failure) > weightOf(most)) most = failure
  }
  return most
}
