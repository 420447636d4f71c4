import type { CertificateConfig } from '../config/settled/authenticators.ts'
import { fitsName, parseName } from '../config/distinguished-name.ts'
import type { Attribute } from '../config/distinguished-name.ts'
import { fitsWildcard, parseWildcard } from '../config/wildcard.ts'
import type { Wildcard } from '../config/wildcard.ts'
import { GatewayError } from '../errors.ts'
import type { PeerCertificate } from '../peer.ts'
import type { Attempt, Authenticator, Verdict } from './authenticator.ts'
import type { Fingerprints } from './fingerprint.ts'
import { challenge } from './challenge.ts'
import type { Identity } from './identity.ts'

/**
 * Lets pass by the client's certificate, which its listener has verified: what is no one's of its
 * authorities is not here. One that fits no pattern is wrong, not absent; another method of the
 * route may still let its holder pass.
 */
export class CertificateAuthenticator implements Authenticator {
  readonly name: string
  readonly kind = 'certificate'
  /** No header can ask for a certificate; a 401 has to say at least what was missing. */
  readonly challenge: string
  readonly places = []
  readonly #subjects: readonly (readonly Attribute[])[]
  readonly #sans: readonly SanPattern[]
  readonly #fingerprints: Fingerprints
  readonly #now: () => number

  /** @throws {Error} with one line that names the pattern that is none */
  constructor(
    name: string,
    config: CertificateConfig,
    parts: { readonly fingerprints: Fingerprints; readonly now?: () => number },
  ) {
    this.name = name
    this.challenge = challenge('Certificate', { realm: name })
    this.#subjects = config.subjects.map((pattern) => {
      const parsed = parseName(pattern, true)
      if (parsed === undefined) throw new Error(`authenticator ${name}: no subject: ${pattern}`)
      return parsed
    })
    this.#sans = config.sans.map(parseSan)
    this.#fingerprints = parts.fingerprints
    this.#now = parts.now ?? Date.now
  }

  async authenticate({ peer }: Attempt): Promise<Verdict> {
    return peer.certificate && this.#identify(peer.certificate)
  }

  #identify(certificate: PeerCertificate): Identity {
    const { subject, sans, serial, fingerprint256, expiresAt } = certificate
    // The handshake may have been a while ago, or another one whose session was resumed.
    if (!(this.#now() < expiresAt)) {
      throw new GatewayError('credentials-expired', `the certificate of ${subject} has expired`)
    }
    const name = parseName(subject, false) ?? []
    const fitting = this.#subjects.some((pattern) => fitsName(pattern, name))
      ? subject
      : sans.find((san) => this.#sans.some((pattern) => fitsSan(pattern, san)))
    if (fitting === undefined) {
      throw new GatewayError('credentials-invalid', `the certificate of ${subject} fits no pattern`)
    }
    return {
      authenticator: this.name,
      subject: fitting,
      name: name.find(({ type }) => type === 'CN')?.value.join('*'),
      claims: { subject, sans, serial },
      expiresAt,
      credentialId: serial,
      sessionId: undefined,
      fingerprint: this.#fingerprints.of(`certificate\0${fingerprint256}`),
      headers: [],
    }
  }
}

interface SanPattern {
  /** `DNS`, `URI` … in lower case. */
  readonly type: string
  readonly value: Wildcard
}

function parseSan(pattern: string): SanPattern {
  const [type, value] = splitSan(pattern)
  return { type, value: parseWildcard(type === 'dns' ? value.toLowerCase() : value) }
}

function fitsSan(pattern: SanPattern, san: string): boolean {
  const [type, value] = splitSan(san)
  return type === pattern.type && fitsWildcard(pattern.value, value)
}

function splitSan(san: string): [type: string, value: string] {
  const colon = san.indexOf(':')
  return [san.slice(0, colon).toLowerCase(), san.slice(colon + 1)]
}
