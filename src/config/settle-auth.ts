import { resolve } from 'node:path'
import type { AuthenticatorConfig, IdentityConfig } from './settled/authenticators.ts'
import { isUrl } from './endpoint.ts'
import { defined } from './objects.ts'
import type { Place } from './place.ts'
import type { CheckedFile } from './schema.ts'

type CheckedAuthenticator = CheckedFile['authenticators'][string]

/**
 * What the stages make an authenticator of: its method, places without repetition, paths absolute.
 */
export function settleAuthenticator(
  { jwt, basic, apiKey, forward, certificate, ticket }: CheckedAuthenticator,
  folder: string,
): AuthenticatorConfig {
  if (jwt !== undefined) return settleJwt(jwt, folder)
  if (basic !== undefined) {
    return {
      ...basic,
      kind: 'basic',
      from: distinct(basic.from),
      htpasswd: resolve(folder, basic.htpasswd),
    }
  }
  if (apiKey !== undefined) return settleApiKey(apiKey, folder)
  if (forward !== undefined) {
    const { send = ['authorization', 'cookie'], ...rest } = forward
    return {
      kind: 'forward',
      ...rest,
      send,
      takesCookies: forward.send?.includes('cookie') ?? false,
    }
  }
  if (certificate !== undefined) return { kind: 'certificate', ...certificate }
  return { kind: 'ticket', query: 'ticket', ...ticket! }
}

function settleJwt(
  jwt: NonNullable<CheckedAuthenticator['jwt']>,
  folder: string,
): AuthenticatorConfig {
  const { secret, publicKey, jwks, issuer, audience, algorithms, from, ...rest } = jwt
  return {
    kind: 'jwt',
    from: distinct(from),
    ...defined({
      secret,
      publicKey:
        publicKey === undefined || isPem(publicKey) ? publicKey : resolve(folder, publicKey),
      jwks: jwks === undefined || isUrl(jwks) ? jwks : resolve(folder, jwks),
      issuer,
      audience,
      algorithms,
    }),
    ...rest,
  }
}

/** Whether it is a key itself, not the path of one. */
export function isPem(text: string): boolean {
  return text.includes('-----BEGIN')
}

function settleApiKey(
  apiKey: NonNullable<CheckedAuthenticator['apiKey']>,
  folder: string,
): AuthenticatorConfig {
  const { keys, query, passCredential } = apiKey
  const isDefault = apiKey.header === undefined && query === undefined
  const written = apiKey.from ?? (isDefault ? [{ kind: 'header', name: '' } as const] : [])
  const header =
    apiKey.header ?? (written.some(({ kind }) => kind === 'header') ? 'x-api-key' : undefined)
  const from = [
    ...(header === undefined ? [] : [{ kind: 'header', name: header } as const]),
    ...(query === undefined ? [] : [{ kind: 'query', name: query } as const]),
    ...written.filter(({ kind }) => kind !== 'header'),
  ]
  return {
    kind: 'apiKey',
    from: distinct(from),
    passCredential,
    keys: resolve(folder, keys),
    ...defined({ header, query }),
  }
}

/** A place that is named twice would hold two credentials. */
function distinct(places: readonly Place[]): Place[] {
  return [...new Map(places.map((place) => [JSON.stringify(place), place])).values()]
}

/**
 * The headers that carry an identity on any route, so that no client can say on another route of
 * the same upstream who it is. Authorization and Cookie stay the client's, where a forward does not
 * replace them.
 */
export function ownedHeaders(
  identities: readonly IdentityConfig[],
  authenticators: readonly AuthenticatorConfig[],
): string[] {
  const names = new Set(identities.flatMap(({ headers }) => Object.keys(headers)))
  for (const authenticator of authenticators) {
    if (authenticator.kind !== 'forward') continue
    for (const name of authenticator.copy) {
      if (name !== 'authorization' && name !== 'cookie') names.add(name)
    }
  }
  return [...names]
}

/** The global headers, a route's own added or in their place. */
export function mergeIdentity(base: IdentityConfig, own: IdentityConfig): IdentityConfig {
  return { headers: { ...base.headers, ...own.headers } }
}
