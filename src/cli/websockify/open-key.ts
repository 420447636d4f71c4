import { createPrivateKey } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { ConfigError } from '../../config/problem.ts'

/**
 * The text of a PEM file with its private key in the clear; certificates in it stay.
 * @throws {ConfigError} where the password does not open it
 */
export async function openKey(path: string, password: string): Promise<string> {
  const pem = await readFile(path, 'utf8').catch(() => {
    throw new ConfigError([`--key: ${path} cannot be read`])
  })
  const certificates = pem.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? []
  try {
    const key = createPrivateKey({ key: pem, passphrase: password })
    return [...certificates, key.export({ type: 'pkcs8', format: 'pem' })].join('\n')
  } catch (cause) {
    throw new ConfigError([`--key-password: does not open the key in ${path}`], { cause })
  }
}
