import { Fingerprints } from '../../../src/auth/fingerprint.ts'
import { jwtKeys } from '../../../src/auth/jwt-keys.ts'
import { JwtAuthenticator } from '../../../src/auth/jwt.ts'
import { TokenVerifier } from '../../../src/auth/token-verifier.ts'
import type { JwtConfig } from '../../../src/config/settled/authenticators.ts'
import { Secret } from '../../../src/config/secret.ts'
import { secret } from './tokens.ts'

export const bearer = { kind: 'header', name: 'authorization' } as const

/**
 * The settings of a `jwt` authenticator named `staff`, with an HMAC's secret where no key is given.
 */
export function jwtConfig(changes: Partial<JwtConfig> = {}): JwtConfig {
  const keyed = 'publicKey' in changes || 'jwks' in changes
  return {
    kind: 'jwt',
    from: [bearer],
    passCredential: false,
    issuer: 'https://id.example',
    audience: ['edge'],
    clockTolerance: 30_000,
    require: {},
    scopes: [],
    backchannelLogout: false,
    ...(keyed ? {} : { secret: new Secret(secret) }),
    ...changes,
  }
}

/** As the gateway makes one. */
export function jwt(
  changes: Partial<JwtConfig> = {},
  now: () => number = Date.now,
): JwtAuthenticator {
  const config = jwtConfig(changes)
  const keys = jwtKeys(config, { now, onFailure: () => undefined })
  const verifier = new TokenVerifier(keys, config, now)
  return new JwtAuthenticator('staff', config, { verifier, fingerprints: new Fingerprints(), now })
}
