import { SignJWT } from 'jose'

/** The secret of the tests' issuer. */
export const tokenSecret = 'the secret of the issuer in the tests, long enough'

/** The configuration of an authenticator that takes the tokens of `mint`. */
export function tokens(more: Record<string, unknown> = {}): Record<string, unknown> {
  return { jwt: { secret: tokenSecret, issuer: 'https://id.example', audience: 'edge', ...more } }
}

/** A token that lives an hour, unless its claims say otherwise. */
export async function mint(claims: Record<string, unknown> = {}): Promise<string> {
  const now = Math.floor(Date.now() / 1000)
  return await new SignJWT({
    iss: 'https://id.example',
    aud: 'edge',
    sub: 'ada',
    iat: now,
    exp: now + 3600,
    ...claims,
  })
    .setProtectedHeader({ alg: 'HS256', typ: 'JWT' })
    .sign(new TextEncoder().encode(tokenSecret))
}

export function bearer(token: string): { Authorization: string } {
  return { Authorization: `Bearer ${token}` }
}
