import { createHmac, generateKeyPairSync, sign } from 'node:crypto'
import type { KeyObject } from 'node:crypto'

/** Claims of a token that lives, and whatever is to be different; undefined leaves one out. */
export function claims(changes: Readonly<Record<string, unknown>> = {}): Record<string, unknown> {
  const now = Math.floor(Date.now() / 1000)
  return {
    iss: 'https://id.example',
    aud: 'edge',
    sub: 'ada',
    iat: now,
    exp: now + 3600,
    ...changes,
  }
}

export interface Signing {
  readonly alg: string
  /** A private key, or the secret of an HMAC; the HMAC's may be any text, a public key's too. */
  readonly key: KeyObject | string
  readonly header?: Readonly<Record<string, unknown>>
}

/** A compact JWS made by hand, so that there is nothing that it could not say. */
export function token(payload: unknown, { alg, key, header = {} }: Signing): string {
  const parts = [{ alg, typ: 'JWT', ...header }, payload].map((part) => encoded(part))
  return `${parts.join('.')}.${signature(alg, key, parts.join('.'))}`
}

export function encoded(part: unknown): string {
  const text = typeof part === 'string' ? part : JSON.stringify(part)
  return Buffer.from(text).toString('base64url')
}

function signature(alg: string, key: KeyObject | string, input: string): string {
  const hash = `sha${alg.slice(2)}`
  if (typeof key === 'string') return createHmac(hash, key).update(input).digest('base64url')
  const data = Buffer.from(input)
  if (alg === 'EdDSA' || alg === 'Ed25519') return sign(null, data, key).toString('base64url')
  if (alg.startsWith('ES')) {
    return sign(hash, data, { key, dsaEncoding: 'ieee-p1363' }).toString('base64url')
  }
  // RSASSA-PSS with a salt as long as the hash (RFC 7518 section 3.5).
  const pss = { padding: 6, saltLength: -1 }
  return sign(hash, data, { key, ...(alg.startsWith('PS') ? pss : {}) }).toString('base64url')
}

export const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 })
export const otherRsa = generateKeyPairSync('rsa', { modulusLength: 2048 })
export const p256 = generateKeyPairSync('ec', { namedCurve: 'P-256' })
export const ed25519 = generateKeyPairSync('ed25519')
export const secret = 'an HMAC secret of more than 32 bytes'

export function pem(key: KeyObject): string {
  return key.export({ type: 'spki', format: 'pem' })
}

/** The text of a key set. */
export function keySet(...keys: (readonly [key: KeyObject, more?: object])[]): string {
  const jwks = keys.map(([key, more]) => Object.assign(key.export({ format: 'jwk' }), more))
  return JSON.stringify({ keys: jwks })
}
