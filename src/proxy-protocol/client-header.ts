import { endpointsOf } from './endpoints.ts'
import type { Endpoint } from './endpoints.ts'
import { encodeV1 } from './encode-v1.ts'
import { encodeLocal, encodeV2 } from './encode-v2.ts'
import { encodeTlv, tlvType } from './tlv.ts'
import type { Tlv } from './tlv.ts'

/** The two forms of the header: a line of text, or binary with room for more than addresses. */
export type ProxyVersion = 'v1' | 'v2'

/** What a backend can be told of a client in front of the first byte. */
export interface ClientFacts {
  /** Undefined where the client has no address (a unix socket). */
  readonly source: Endpoint | undefined
  /** What the client connected to; undefined where that has no address. */
  readonly destination: Endpoint | undefined
  /** The name that the client asked for. */
  readonly authority: string | undefined
  /** Names the connection in the log; 128 bytes at most. */
  readonly uniqueId: string
  /** Who it is, where that was asked. */
  readonly subject: string | undefined
  /** Undefined where the client's connection has no TLS that ended here. */
  readonly tls: ClientTlsFacts | undefined
}

export interface ClientTlsFacts {
  /** `TLSv1.2`, `TLSv1.3`. */
  readonly version: string
  readonly alpn: string | undefined
  /** The client's own, where it was verified. */
  readonly certificate:
    | {
        readonly commonName: string | undefined
        /** It came on this very connection, not on one before it in the same TLS session. */
        readonly isFresh: boolean
      }
    | undefined
}

/** In front of a connection that is made on behalf of a client. v1 has room for addresses alone. */
export function clientHeader(version: ProxyVersion, facts: ClientFacts): Buffer {
  const { source, destination } = facts
  const endpoints = source && destination && endpointsOf(source, destination)
  return version === 'v1' ? encodeV1(endpoints) : encodeV2(endpoints, tlvsOf(facts))
}

/**
 * In front of a connection that is made for nobody, such as a health check. v1 has no word for
 * that, and some receivers refuse its UNKNOWN: there the line names the connection's own two ends,
 * as the specification advises (section 2.1).
 * @param own undefined on a unix socket
 */
export function localHeader(
  version: ProxyVersion,
  own: { readonly source: Endpoint; readonly destination: Endpoint } | undefined,
): Buffer {
  if (version === 'v2') return encodeLocal()
  return encodeV1(own && endpointsOf(own.source, own.destination))
}

/**
 * A longer subject is left out. Receivers give up on headers of some 4 KiB, and one that was cut
 * off could be somebody else's.
 */
const maxSubjectBytes = 1024

const clientUsedTls = 0x01
const certificateOnConnection = 0x02
const certificateInSession = 0x04

function tlvsOf({ authority, uniqueId, subject, tls }: ClientFacts): Tlv[] {
  const tlvs: Tlv[] = []
  if (tls?.alpn !== undefined) tlvs.push(textTlv(tlvType.alpn, tls.alpn))
  if (authority !== undefined && authority !== '') tlvs.push(textTlv(tlvType.authority, authority))
  tlvs.push(textTlv(tlvType.uniqueId, uniqueId))
  if (tls !== undefined) tlvs.push({ type: tlvType.ssl, value: sslValue(tls) })
  if (subject !== undefined && Buffer.byteLength(subject) <= maxSubjectBytes)
    tlvs.push(textTlv(tlvType.subject, subject))
  return tlvs
}

/** Flags, the result of the verification (0 is good), then TLVs of its own (section 2.2.6). */
function sslValue({ version, certificate }: ClientTlsFacts): Buffer {
  const head = Buffer.alloc(5)
  head[0] = clientUsedTls
  if (certificate === undefined) {
    head.writeUInt32BE(1, 1)
  } else {
    head[0] |= certificateInSession | (certificate.isFresh ? certificateOnConnection : 0)
  }
  const inner = [textTlv(tlvType.sslVersion, version)]
  const commonName = certificate?.commonName
  if (commonName !== undefined) inner.push(textTlv(tlvType.sslCommonName, commonName))
  return Buffer.concat([head, ...inner.map((tlv) => encodeTlv(tlv))])
}

function textTlv(type: number, text: string): Tlv {
  return { type, value: Buffer.from(text) }
}
