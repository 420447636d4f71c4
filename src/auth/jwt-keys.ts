import { createSecretKey } from 'node:crypto'
import type { JwtConfig } from '../config/settled/authenticators.ts'
import { parseEndpoint } from '../config/endpoint.ts'
import { parsePublicKey } from '../config/public-key.ts'
import { readRegularFileSync } from '../config/regular-file.ts'
import { jwksFetch } from './fetch-jwks.ts'
import { FixedKeySet, KeySet } from './jwks.ts'
import { SingleKey } from './key-source.ts'
import type { KeySource } from './key-source.ts'
import { RemoteKeySet } from './remote-jwks.ts'
import type { RemoteOptions } from './remote-jwks.ts'

/**
 * The keys that a `jwt` authenticator is configured with. Files are read here, once.
 * @throws {Error} where a file cannot be read or holds something else
 */
export function jwtKeys(config: JwtConfig, options: Omit<RemoteOptions, 'fetch'>): KeySource {
  const { secret, publicKey, jwks } = config
  if (secret !== undefined) {
    return new SingleKey(createSecretKey(Buffer.from(secret.reveal())))
  }
  if (publicKey !== undefined) {
    const pem = publicKey.includes('-----BEGIN') ? publicKey : readText(publicKey)
    const key = parsePublicKey(pem)
    if (typeof key === 'string') throw new Error(`the public key's file ${key}`)
    return new SingleKey(key)
  }
  if (jwks === undefined) throw new Error('no secret, publicKey or jwks')
  const url = parseEndpoint(jwks)
  if (url === undefined) return new FixedKeySet(new KeySet(readText(jwks)))
  return new RemoteKeySet({ ...options, fetch: jwksFetch(url) })
}

function readText(path: string): string {
  return readRegularFileSync(path).toString()
}
