import type { Place } from './places.ts'

/**
 * A challenge for WWW-Authenticate (RFC 9110 section 11.6.1); the parameters' values are quoted.
 */
export function challenge(scheme: string, params: Readonly<Record<string, string>>): string {
  const written = Object.entries(params).map(([name, value]) => `${name}="${escaped(value)}"`)
  return `${scheme} ${written.join(', ')}`
}

/**
 * What says how to come with a token. Bearer (RFC 6750) names the scheme for headers and query
 * parameters; a client of a route that looks at nothing but a cookie would try those in vain, and
 * is told the cookie's name.
 */
export function tokenChallenge(
  realm: string,
  places: readonly Place[],
  params: Readonly<Record<string, string>> = {},
): string {
  const cookie = places.find(({ kind }) => kind === 'cookie')
  const onlyCookies = places.every(({ kind }) => kind === 'cookie')
  if (cookie?.kind === 'cookie' && onlyCookies) {
    return challenge('Cookie', { realm, 'cookie-name': cookie.name, ...params })
  }
  return challenge('Bearer', { realm, ...params })
}

function escaped(text: string): string {
  return text.replace(/[^\x20-\x7e]/g, '?').replace(/["\\]/g, '\\$&')
}
