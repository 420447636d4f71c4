import { randomBytes } from 'node:crypto'
import { generateKeyPairSync } from 'node:crypto'
import forge from 'node-forge'

export interface Pair {
  readonly cert: string
  readonly key: string
}

/**
 * Short names (`CN`, `O`) or OIDs and their values; in the order of the certificate, which is the
 * reverse of RFC 4514's.
 */
export type Subject = readonly (readonly [type: string, value: string])[]

export interface ClientCert {
  readonly subject: Subject
  /** The types of X.509's GeneralName: 1 email, 2 DNS, 6 URI. */
  readonly names?: readonly { readonly type: 1 | 2 | 6; readonly value: string }[]
  /** Extended key usage; clientAuth where nothing is said. */
  readonly usage?: 'clientAuth' | 'serverAuth'
  /** Milliseconds from now. */
  readonly from?: number
  readonly until?: number
}

const hourMs = 3_600_000

/** An authority that signs whatever it is asked to. */
export class TestAuthority {
  readonly cert: string
  readonly #key: string
  readonly #certificate: forge.pki.Certificate

  /** @param issuer itself where there is none */
  constructor(name: string, issuer?: TestAuthority) {
    const keys = makeKeys()
    const certificate = unsigned(keys.cert, [['CN', name]], -hourMs, 1000 * hourMs)
    certificate.setIssuer(
      (issuer === undefined ? certificate : issuer.#certificate).subject.attributes,
    )
    certificate.setExtensions([
      { name: 'basicConstraints', cA: true, critical: true },
      { name: 'keyUsage', keyCertSign: true, cRLSign: true, critical: true },
    ])
    this.#certificate = certificate
    this.#key = keys.key
    this.cert = sign(certificate, issuer === undefined ? keys.key : issuer.#key)
  }

  issue(wanted: ClientCert): Pair {
    const keys = makeKeys()
    const { subject, names = [], usage = 'clientAuth', from = -hourMs, until = hourMs } = wanted
    const certificate = unsigned(keys.cert, subject, from, until)
    certificate.setIssuer(this.#certificate.subject.attributes)
    certificate.setExtensions([
      { name: 'basicConstraints', cA: false },
      { name: 'extKeyUsage', [usage]: true },
      ...(names.length > 0 ? [{ name: 'subjectAltName', altNames: [...names] }] : []),
    ])
    return { cert: sign(certificate, this.#key), key: keys.key }
  }
}

/** @returns the public key as `cert`, for what is to be signed */
function makeKeys(): Pair {
  const { privateKey, publicKey } = generateKeyPairSync('rsa', {
    modulusLength: 2048,
    publicKeyEncoding: { type: 'spki', format: 'pem' },
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
  })
  return { cert: publicKey, key: privateKey }
}

function unsigned(
  publicKey: string,
  subject: Subject,
  from: number,
  until: number,
): forge.pki.Certificate {
  const certificate = forge.pki.createCertificate()
  certificate.publicKey = forge.pki.publicKeyFromPem(publicKey)
  certificate.serialNumber = `40${randomBytes(15).toString('hex')}`
  certificate.validity.notBefore = new Date(Date.now() + from)
  certificate.validity.notAfter = new Date(Date.now() + until)
  certificate.setSubject(
    subject.map(([type, value]) => ({
      ...(type.includes('.') ? { type } : { shortName: type }),
      value,
      valueTagClass: forge.asn1.Type.UTF8 as unknown as forge.asn1.Class,
    })),
  )
  return certificate
}

function sign(certificate: forge.pki.Certificate, key: string): string {
  certificate.sign(forge.pki.privateKeyFromPem(key), forge.md.sha256.create())
  return forge.pki.certificateToPem(certificate)
}
