import type { Place } from '../config/place.ts'
import { GatewayError } from '../errors.ts'
import type { Attempt } from './authenticator.ts'
import { cookieValues } from '../request/cookie.ts'
import { queryValues } from '../request/query.ts'

export type { Place } from '../config/place.ts'

/** Where the credentials of one method may stand. */
export interface CredentialPlaces {
  readonly places: readonly Place[]
  /** What they are called in Authorization; values of other schemes are somebody else's. */
  readonly scheme: 'Bearer' | 'Basic'
}

/**
 * The credential that a request carries for one authenticator, as it is: neither checked nor
 * trusted. Undefined where there is none; an empty one is one, and will be found wrong.
 * @throws {GatewayError} `credentials-invalid` where there is more than one: which of them the
 * upstream, or a proxy on the way, would have taken nobody knows
 */
export function findCredential(
  { places, scheme }: CredentialPlaces,
  attempt: Attempt,
): string | undefined {
  const found = places.flatMap((place) => valuesAt(place, scheme, attempt))
  if (found.length > 1) {
    throw new GatewayError('credentials-invalid', `${found.length} credentials for one method`)
  }
  return found[0]
}

/**
 * An offer of subprotocols without the secret ones, and the credentials in those: `bearer,
 * CREDENTIAL` are two elements, `authorization.bearer.CREDENTIAL` is one.
 */
export function splitProtocols(offered: readonly string[]): {
  readonly protocols: readonly string[]
  readonly credentials: readonly string[]
} {
  const protocols: string[] = []
  const credentials: string[] = []
  for (let at = 0; at < offered.length; at++) {
    const element = offered[at]!
    const name = element.toLowerCase()
    if (name === 'bearer') credentials.push(offered[++at] ?? '')
    else if (name.startsWith(prefix)) credentials.push(unwrapped(element.slice(prefix.length)))
    else protocols.push(element)
  }
  return { protocols, credentials }
}

const prefix = 'authorization.bearer.'

/**
 * Base64url or the token itself: a token has dots and base64url has none, so that they can be told
 * apart.
 */
function unwrapped(text: string): string {
  return text.includes('.') ? text : Buffer.from(text, 'base64url').toString('latin1')
}

function valuesAt(place: Place, scheme: string, attempt: Attempt): readonly string[] {
  const { headers, query } = attempt.request
  switch (place.kind) {
    case 'header': {
      const values = headers.all(place.name)
      return place.name === 'authorization' ? ofScheme(scheme, values) : values
    }
    case 'cookie':
      return cookieValues(headers.all('cookie'), place.name)
    case 'query':
      return queryValues(query, place.name)
    case 'subprotocol':
      return splitProtocols(attempt.protocols).credentials
  }
}

/**
 * What follows the scheme, whose case does not matter (RFC 9110 section 11.1), and the blanks
 * behind it.
 */
function ofScheme(scheme: string, values: readonly string[]): string[] {
  const found: string[] = []
  for (const value of values) {
    const [, name = '', rest = ''] = /^([^ \t,]*) *(.*)$/s.exec(value) ?? []
    if (name.toLowerCase() === scheme.toLowerCase()) found.push(rest)
  }
  return found
}
