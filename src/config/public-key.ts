import { createPublicKey, type JsonWebKeyInput, type KeyObject } from 'node:crypto'

/**
 * Reads a public key in PEM that can verify signatures. A private one, from which a public one
 * could be made, is none: it does not belong where it is only to be checked with.
 * @returns what is wrong instead, as a text that continues "which …"
 */
export function parsePublicKey(pem: string): KeyObject | string {
  if (/-----BEGIN [A-Z ]*PRIVATE KEY-----/.test(pem)) return 'holds a private key'
  if (!/-----BEGIN (?:RSA )?PUBLIC KEY-----/.test(pem)) return 'holds something else'
  try {
    return checkStrength(createPublicKey(pem))
  } catch {
    // OpenSSL's reasons say less than what was expected.
    return 'holds something else'
  }
}

export type PublicJwk = JsonWebKeyInput['key'] & { readonly kty: string }

/** The same for one key of a set; a text where it is no key for signatures, too. */
export function parseJwk(jwk: PublicJwk): KeyObject | string {
  if (jwk.kty === 'oct') return 'holds a symmetric key'
  if (jwk.d !== undefined) return 'holds a private key'
  try {
    return checkStrength(createPublicKey({ key: jwk, format: 'jwk' }))
  } catch {
    return 'holds a key that cannot be read'
  }
}

function checkStrength(key: KeyObject): KeyObject | string {
  const { asymmetricKeyType: type, asymmetricKeyDetails: details } = key
  if (type === 'rsa') {
    // RFC 7518 section 3.3
    return (details?.modulusLength ?? 0) >= 2048 ? key : 'holds an RSA key of less than 2048 bits'
  }
  if (type === 'ec')
    return curves.has(details?.namedCurve ?? '') ? key : 'holds a key of another curve'
  return type === 'ed25519' ? key : `holds a key of a kind that is not used (${type})`
}

const curves = new Set(['prime256v1', 'secp384r1', 'secp521r1'])
