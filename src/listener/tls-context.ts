import { X509Certificate, constants, createPrivateKey, randomBytes } from 'node:crypto'
import { createSecureContext } from 'node:tls'
import type { SecureContext, SecureContextOptions } from 'node:tls'
import { reasonOf } from '../config/read-text.ts'
import { readRegularFile } from '../config/regular-file.ts'
import type { ClientAuthority } from './client-certificate.ts'

/** A certificate chain (leaf first) and its private key, as PEM text. */
export interface CertificatePair {
  readonly cert: string
  readonly key: string
  /** Where it came from, for messages. */
  readonly source: string
}

export type TlsVersion = 'TLSv1.2' | 'TLSv1.3'

/**
 * Forward secrecy and AEAD only. Node's default list still ends in `HIGH`, which lets CBC and RSA
 * key exchange in.
 */
const ciphers = [
  'TLS_AES_128_GCM_SHA256',
  'TLS_AES_256_GCM_SHA384',
  'TLS_CHACHA20_POLY1305_SHA256',
  'ECDHE-ECDSA-AES128-GCM-SHA256',
  'ECDHE-RSA-AES128-GCM-SHA256',
  'ECDHE-ECDSA-AES256-GCM-SHA384',
  'ECDHE-RSA-AES256-GCM-SHA384',
  'ECDHE-ECDSA-CHACHA20-POLY1305',
  'ECDHE-RSA-CHACHA20-POLY1305',
].join(':')

/**
 * The TLS contexts of one listener, chosen by SNI from the names inside the certificates.
 * Immutable: a reload makes another one and swaps it in, so that a handshake never sees half of an
 * old and half of a new pair.
 *
 * All of them ask for the same client certificates, so that what a session proves does not depend
 * on the SNI it came with, and no Host can be reached around its policy (`host-mismatch` has
 * nothing to refuse). Sessions are resumed within one object only: ticket keys and the session id
 * context are its own, so that none outlives a change of the authorities.
 */
export class TlsContexts {
  readonly default: SecureContext
  /** There is a choice between certificates; otherwise `default` is for every name. */
  readonly several: boolean
  /** Whose client certificates are asked for, if any are. */
  readonly clients: ClientAuthority | undefined
  /** Warnings about certificates that load but will disappoint: expired, about to expire. */
  readonly warnings: readonly string[]
  /** True where a certificate has expired or is not valid yet. */
  readonly outdated: boolean
  readonly #byName = new Map<string, SecureContext>()

  /** @throws {Error} with one line that names the source, where a pair cannot be used */
  constructor(
    pairs: readonly CertificatePair[],
    minVersion: TlsVersion,
    clients?: ClientAuthority,
    now = Date.now(),
  ) {
    const shared = { ciphers, minVersion, ...resumption(), ...asking(clients) }
    const warnings: string[] = []
    let outdated = false
    let first: SecureContext | undefined
    for (const pair of pairs) {
      const leaf = checkPair(pair)
      const ends = Date.parse(leaf.validTo)
      if (ends < now || Date.parse(leaf.validFrom) > now) {
        outdated = true
        warnings.push(`${pair.source}: valid from ${leaf.validFrom} to ${leaf.validTo} only`)
      } else if (ends < now + 14 * 86_400_000) {
        warnings.push(`${pair.source}: expires on ${leaf.validTo}`)
      }
      const context = createSecureContext({
        cert: pair.cert,
        key: pair.key,
        ...shared,
        // A client's renegotiation costs it nothing and us a signature; contexts chosen by SNI need
        // the option too.
        secureOptions:
          constants.SSL_OP_NO_RENEGOTIATION | constants.SSL_OP_CIPHER_SERVER_PREFERENCE,
      })
      first ??= context
      for (const name of namesOf(leaf)) {
        if (!this.#byName.has(name)) this.#byName.set(name, context)
      }
    }
    if (first === undefined) throw new Error('a TLS listener needs a certificate')
    this.default = first
    this.several = pairs.length > 1
    this.clients = clients
    this.warnings = warnings
    this.outdated = outdated
  }

  /** The context for an SNI name in any spelling; the first certificate's where none fits. */
  pick(servername: string): SecureContext {
    const name = normalizeName(servername)
    const dot = name.indexOf('.')
    return (
      this.#byName.get(name) ??
      (dot > 0 ? this.#byName.get(`*${name.slice(dot)}`) : undefined) ??
      this.default
    )
  }
}

/**
 * OpenSSL refuses to resume a session with a client certificate where no session id context is set.
 */
function resumption(): SecureContextOptions {
  return { ticketKeys: randomBytes(48), sessionIdContext: randomBytes(12).toString('hex') }
}

/**
 * Who names an intermediate authority trusts it, and not everything else that its root has signed.
 */
function asking(clients: ClientAuthority | undefined): SecureContextOptions {
  if (clients === undefined) return {}
  return { ca: [...clients.certificates], allowPartialTrustChain: true }
}

/** @throws {Error} naming the file that cannot be read */
export async function readPair(files: { cert: string; key: string }): Promise<CertificatePair> {
  const [cert, key] = await Promise.all([readPem(files.cert), readPem(files.key)])
  return { cert, key, source: files.cert }
}

/**
 * SNI as it is compared: lower case, one trailing dot dropped (an SNI must not have it, clients
 * send it).
 */
export function normalizeName(name: string): string {
  return name.toLowerCase().replace(/\.$/, '')
}

async function readPem(path: string): Promise<string> {
  try {
    return (await readRegularFile(path)).toString()
  } catch (cause) {
    throw new Error(`${path}: ${reasonOf(cause)}`, { cause })
  }
}

function checkPair(pair: CertificatePair): X509Certificate {
  let leaf: X509Certificate
  let key: ReturnType<typeof createPrivateKey>
  try {
    leaf = new X509Certificate(pair.cert)
  } catch (error) {
    throw new Error(`${pair.source}: is not a PEM certificate`, { cause: error })
  }
  try {
    key = createPrivateKey(pair.key)
  } catch (error) {
    throw new Error(`${pair.source}: its key is not a PEM private key`, { cause: error })
  }
  if (!leaf.checkPrivateKey(key))
    throw new Error(`${pair.source}: the key is another certificate's`)
  return leaf
}

/**
 * The DNS names a certificate stands for: its subjectAltName, or the common name where it has none
 * (RFC 6125 section 6.4.4).
 */
function namesOf(leaf: X509Certificate): string[] {
  const names: string[] = []
  for (const entry of leaf.subjectAltName?.split(', ') ?? []) {
    if (entry.startsWith('DNS:')) names.push(normalizeName(entry.slice(4)))
  }
  if (leaf.subjectAltName === undefined) {
    const common = /^CN=(.+)$/m.exec(leaf.subject)?.[1]
    if (common !== undefined) names.push(normalizeName(common))
  }
  return names
}
