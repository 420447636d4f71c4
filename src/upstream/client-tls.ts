import { constants } from 'node:crypto'
import { createSecureContext } from 'node:tls'
import type { SecureContext } from 'node:tls'
import { readRegularFileSync } from '../config/regular-file.ts'
import type { CertificateFiles, UpstreamTls } from '../config/settled/tls.ts'

/** How an upstream proves who it is, and the gateway to it, read once. */
export interface ClientTls {
  readonly context: SecureContext
  /** Sent as SNI and verified in place of the server's own host name. */
  readonly servername: string | undefined
  readonly verify: boolean
}

/** @throws where a file cannot be read or is not what it has to be */
export function readClientTls(config: UpstreamTls): ClientTls {
  const context = createSecureContext({
    minVersion: 'TLSv1.2',
    secureOptions: constants.SSL_OP_NO_RENEGOTIATION,
    // Given authorities replace the system's: who names a CA of their own trusts nobody else.
    ...(config.ca === undefined ? {} : { ca: readRegularFileSync(config.ca) }),
    ...(config.certificate === undefined ? {} : readPair(config.certificate)),
  })
  return { context, servername: config.servername, verify: config.verify }
}

function readPair({ cert, key }: CertificateFiles): { cert: Buffer; key: Buffer } {
  return { cert: readRegularFileSync(cert), key: readRegularFileSync(key) }
}
