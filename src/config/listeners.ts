import { z } from 'zod'
import { AddressRules, PeerRange } from './address-rules.ts'
import { Bind, Path, unbuilt } from './scalars.ts'

const Certificate = z.strictObject({
  cert: Path.describe('PEM file with the certificate and the chain behind it.'),
  key: Path.describe('PEM file with its private key, without a passphrase.'),
})

const Tls = z.strictObject({
  certificates: z
    .array(Certificate)
    .min(1)
    .describe(
      'Pairs of files, chosen by SNI from the names inside the certificates; the first is the default.',
    ),
  minVersion: z
    .enum(['TLSv1.2', 'TLSv1.3'])
    .prefault('TLSv1.2')
    .describe('The oldest TLS version that is spoken.'),
  optional: z
    .boolean()
    .prefault(false)
    .describe(
      '`true` serves clear text at the same address too; the first byte of a client tells. `false` takes TLS only.',
    ),
  clientCertificate: z
    .strictObject({
      ca: Path.describe('PEM file of the authorities whose certificates count.'),
      required: z
        .boolean()
        .prefault(false)
        .describe('`true` turns away whoever has none, in the TLS handshake.'),
    })
    .optional()
    .describe('Asks clients for a certificate. Left out: none is asked for.'),
})

export const Listener = z.strictObject({
  bind: Bind.describe('Where to listen: `host:port`, `[v6]:port` or `unix:/path`. Port 0 is any.'),
  tls: Tls.optional().describe('Ends TLS here. Left out: the listener speaks clear text.'),
  http2: unbuilt(false),
  acceptProxyProtocol: z
    .strictObject({
      from: z
        .array(PeerRange)
        .min(1, { error: 'at least one address, CIDR or unix' })
        .describe(
          'The proxies whose every connection begins with a PROXY header (v1 or v2): addresses, CIDRs, or `unix` for peers on unix sockets. ' +
            'One that sends none is refused.',
        ),
    })
    .optional()
    .describe(
      'Proxies that announce their clients’ addresses. Left out: nobody is believed, and a PROXY header is no request.',
    ),
  clients: AddressRules.prefault({}).describe(
    'Whose connections this listener serves. A client without an address fails any rule.',
  ),
})
