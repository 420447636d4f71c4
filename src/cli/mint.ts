import { generateKeyPair, randomBytes } from 'node:crypto'
import { isIP } from 'node:net'
import { promisify } from 'node:util'
import forge from 'node-forge'

/** A certificate and its private key, as PEM text. */
export interface MintedPair {
  readonly cert: string
  readonly key: string
}

const dayMs = 86_400_000
/** Browsers take no server certificate that is good for longer than 398 days. */
const leafDays = 397
const authorityDays = 3650
/** Clocks of other machines may be behind. */
const backdatedMs = 3_600_000

/**
 * A certificate for development that stands alone: nobody trusts it, and nothing else can be made
 * with it.
 */
export async function mintSelfSigned(names: readonly string[]): Promise<MintedPair> {
  const { privateKey, publicKey } = await makeKeys()
  const certificate = unsigned(publicKey, leafDays)
  certificate.setSubject([{ name: 'commonName', value: commonName(names) }])
  certificate.setIssuer(certificate.subject.attributes)
  certificate.setExtensions(leafExtensions(names))
  return sign(certificate, privateKey, privateKey)
}

/**
 * An authority for one machine or team. Whoever holds its key can pose as any site towards those
 * who trust it.
 */
export async function mintAuthority(name: string): Promise<MintedPair> {
  const { privateKey, publicKey } = await makeKeys()
  const certificate = unsigned(publicKey, authorityDays)
  certificate.setSubject([{ name: 'commonName', value: name }])
  certificate.setIssuer(certificate.subject.attributes)
  certificate.setExtensions([
    { name: 'basicConstraints', cA: true, pathLenConstraint: 0, critical: true },
    { name: 'keyUsage', keyCertSign: true, cRLSign: true, critical: true },
    { name: 'subjectKeyIdentifier' },
  ])
  return sign(certificate, privateKey, privateKey)
}

/**
 * A server certificate that `authority` vouches for. Its chain is itself alone: clients know the
 * authority.
 */
export async function mintLeaf(
  names: readonly string[],
  authority: MintedPair,
): Promise<MintedPair> {
  const { privateKey, publicKey } = await makeKeys()
  const issuer = forge.pki.certificateFromPem(authority.cert)
  const certificate = unsigned(publicKey, leafDays)
  if (certificate.validity.notAfter > issuer.validity.notAfter) {
    certificate.validity.notAfter = issuer.validity.notAfter
  }
  certificate.setSubject([{ name: 'commonName', value: commonName(names) }])
  certificate.setIssuer(issuer.subject.attributes)
  certificate.setExtensions([
    ...leafExtensions(names),
    {
      name: 'authorityKeyIdentifier',
      keyIdentifier: issuer.generateSubjectKeyIdentifier().getBytes(),
    },
  ])
  return sign(certificate, privateKey, authority.key)
}

/**
 * Node makes keys in native code, off the main thread; forge would take seconds on it. RSA, because
 * forge signs no other.
 */
async function makeKeys(): Promise<{ privateKey: string; publicKey: string }> {
  return await promisify(generateKeyPair)('rsa', {
    modulusLength: 2048,
    publicKeyEncoding: { type: 'spki', format: 'pem' },
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
  })
}

function unsigned(publicKey: string, days: number): forge.pki.Certificate {
  const certificate = forge.pki.createCertificate()
  certificate.publicKey = forge.pki.publicKeyFromPem(publicKey)
  // A positive number of 16 bytes: its first bit is 0, and its first byte is not.
  const serial = randomBytes(16)
  serial[0] = (serial[0]! & 0x3f) | 0x40
  certificate.serialNumber = serial.toString('hex')
  certificate.validity.notBefore = new Date(Date.now() - backdatedMs)
  certificate.validity.notAfter = new Date(Date.now() + days * dayMs - backdatedMs)
  return certificate
}

function leafExtensions(names: readonly string[]): object[] {
  return [
    { name: 'basicConstraints', cA: false, critical: true },
    { name: 'keyUsage', digitalSignature: true, keyEncipherment: true, critical: true },
    { name: 'extKeyUsage', serverAuth: true },
    { name: 'subjectKeyIdentifier' },
    // The types of X.509's GeneralName: 2 is a DNS name, 7 an address.
    {
      name: 'subjectAltName',
      altNames: names.map((name) =>
        isIP(name) === 0 ? { type: 2, value: name } : { type: 7, ip: name },
      ),
    },
  ]
}

/** X.509 allows 64 characters there; what counts are the alternative names. */
function commonName(names: readonly string[]): string {
  return (names[0] ?? 'localhost').slice(0, 64)
}

function sign(certificate: forge.pki.Certificate, ownKey: string, signingKey: string): MintedPair {
  certificate.sign(forge.pki.privateKeyFromPem(signingKey), forge.md.sha256.create())
  return { cert: forge.pki.certificateToPem(certificate).replaceAll('\r\n', '\n'), key: ownKey }
}
