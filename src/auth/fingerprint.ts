import { createHmac, randomBytes } from 'node:crypto'

/**
 * Names credentials without holding them: a hash under a key that this process has made up, so that
 * neither memory dumps nor logs give away what could be guessed and compared. All authenticators of
 * a process share one, and a reload keeps it: revocations refuse by fingerprint.
 */
export class Fingerprints {
  readonly #key = randomBytes(32)

  /**
   * @param credential the same text for whatever a client can turn into another spelling of the
   * same credential
   */
  of(credential: string): string {
    return createHmac('sha256', this.#key).update(credential).digest('base64url')
  }
}
