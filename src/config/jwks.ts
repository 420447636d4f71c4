import { parseJwk, type PublicJwk } from './public-key.ts'

const mostKeys = 100

/**
 * Checks the text of a JSON Web Key Set (RFC 7517).
 * @returns what is wrong with it, as a text that continues "which …"
 */
export function faultOfJwks(text: string): string | undefined {
  let set: unknown
  try {
    set = JSON.parse(text)
  } catch {
    // JSON.parse quotes what it does not understand, which may be a secret.
    return 'is no JSON'
  }
  const keys =
    set instanceof Object && 'keys' in set && Array.isArray(set.keys) ? set.keys : undefined
  if (keys === undefined) return 'is no key set'
  if (keys.length > mostKeys) return `holds more than ${mostKeys} keys`
  const found = keys.map((key: unknown) => (isJwk(key) ? parseJwk(key) : 'holds something else'))
  // What others sign or encrypt with may stand beside; what must never be published may not.
  const grave = found.find(
    (key) => key === 'holds a private key' || key === 'holds a symmetric key',
  )
  if (grave !== undefined) return grave
  const usable = keys.filter(
    (key: unknown, at) => isJwk(key) && key.use !== 'enc' && typeof found[at] !== 'string',
  )
  if (usable.length > 0) return undefined
  const reason = found.find((key) => typeof key === 'string')
  return typeof reason === 'string' ? reason : 'holds no key for signatures'
}

function isJwk(key: unknown): key is PublicJwk & { use?: unknown } {
  return key instanceof Object && 'kty' in key && typeof key.kty === 'string'
}
