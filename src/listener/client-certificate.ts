import { X509Certificate } from 'node:crypto'
import type { TLSSocket } from 'node:tls'
import { reasonOf } from '../config/read-text.ts'
import { readRegularFile } from '../config/regular-file.ts'
import type { PeerCertificate } from '../peer.ts'
import { alternativeNames, subjectText } from './certificate-names.ts'

/** Whose certificates count for the clients of one listener. */
export interface ClientAuthority {
  /** One certificate each, as PEM text. */
  readonly certificates: readonly string[]
  /**
   * Whether a client without a certificate that they vouch for is turned away in the TLS handshake.
   */
  readonly required: boolean
}

/** What a client has shown of itself in its handshake. */
export type CertificateProof =
  | { readonly kind: 'verified'; readonly certificate: PeerCertificate }
  | { readonly kind: 'absent' }
  | { readonly kind: 'refused'; readonly reason: string }

/**
 * Reads the authorities of a listener. A file without a usable certificate must never come to mean
 * "any authority", which is what OpenSSL would make of an empty list.
 * @throws {Error} with one line that names the file
 */
export async function readClientAuthority(config: {
  readonly ca: string
  readonly required: boolean
}): Promise<ClientAuthority> {
  const { ca, required } = config
  let pem: string
  try {
    pem = (await readRegularFile(ca)).toString()
  } catch (cause) {
    throw new Error(`${ca}: ${reasonOf(cause)}`, { cause })
  }
  const certificates = pem.match(block) ?? []
  // A block that was cut off is an authority that somebody counts on.
  if (certificates.length === 0 || certificates.length !== pem.split(begin).length - 1) {
    throw new Error(`${ca}: is not a list of PEM certificates`)
  }
  try {
    return {
      certificates: certificates.map((text) => new X509Certificate(text).toString()),
      required,
    }
  } catch (cause) {
    throw new Error(`${ca}: holds a certificate that cannot be read`, { cause })
  }
}

const begin = '-----BEGIN CERTIFICATE-----'
const block = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g

/**
 * Whether the client's certificate was verified against the authorities of the context that served
 * the handshake.
 *
 * Node's tls.Server asks its handle the same question and writes the answer into `authorized`;
 * nobody does that for a TLSSocket made without one, whose `authorized` stays false. Should the
 * question ever be gone, everybody is refused.
 */
export function readProof(socket: TLSSocket): CertificateProof {
  const certificate = socket.getPeerX509Certificate()
  // Looked at first: a resumed TLS 1.3 session counts as verified where no certificate was ever
  // shown in it.
  if (certificate === undefined) return { kind: 'absent' }
  const failure = verifyErrorOf(socket)
  if (failure !== null) return { kind: 'refused', reason: failure }
  const expiresAt = Date.parse(certificate.validTo)
  // Whoever compares with it must not find that it never ends.
  if (Number.isNaN(expiresAt)) return { kind: 'refused', reason: 'ERROR_IN_CERT_NOT_AFTER_FIELD' }
  socket.authorized = true
  return {
    kind: 'verified',
    certificate: {
      subject: subjectText(certificate.subject),
      sans: alternativeNames(certificate.subjectAltName),
      serial: certificate.serialNumber,
      fingerprint256: certificate.fingerprint256,
      expiresAt,
    },
  }
}

/** Null where the chain is good; else OpenSSL's name for what is wrong. */
function verifyErrorOf(socket: TLSSocket): string | null {
  const ssl: unknown = Reflect.get(socket, 'ssl')
  if (!canVerify(ssl)) return 'UNKNOWN'
  const error = ssl.verifyError()
  if (error === null) return null
  return error instanceof Error && 'code' in error ? String(error.code) : 'UNKNOWN'
}

function canVerify(ssl: unknown): ssl is { verifyError(): unknown } {
  return (
    typeof ssl === 'object' &&
    ssl !== null &&
    'verifyError' in ssl &&
    typeof ssl.verifyError === 'function'
  )
}
