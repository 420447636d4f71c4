import type { KeyObject } from 'node:crypto'

const hmac = ['HS256', 'HS384', 'HS512']
const rsa = ['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512']
const edwards = ['EdDSA', 'Ed25519']
const curves: ReadonlyMap<string | undefined, readonly string[]> = new Map([
  ['prime256v1', ['ES256']],
  ['secp384r1', ['ES384']],
  ['secp521r1', ['ES512']],
])

/** What a key set of an issuer may sign with: never an HMAC, whose key it would have to publish. */
export const publicAlgorithms: readonly string[] = [
  ...rsa,
  ...[...curves.values()].flat(),
  ...edwards,
]

/**
 * The algorithms that a key may be used with. The key says which, never the token: with an RSA
 * key's text taken for the secret of an HMAC, everybody who knows the public key could sign.
 * @returns none for a key of another kind; `rsa-pss` ones, which Web Crypto does not take, among
 * them
 */
export function algorithmsOf(key: KeyObject): readonly string[] {
  if (key.type === 'secret') return hmac
  switch (key.asymmetricKeyType) {
    case 'rsa':
      return rsa
    case 'ec':
      return curves.get(key.asymmetricKeyDetails?.namedCurve) ?? []
    case 'ed25519':
      return edwards
    default:
      return []
  }
}
