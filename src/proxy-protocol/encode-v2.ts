import { crc32c } from './crc32c.ts'
import type { Endpoints } from './endpoints.ts'
import { ipBytes } from './ip-bytes.ts'
import { fixedBytes, signature } from './signature.ts'
import { encodeTlv, tlvType } from './tlv.ts'
import type { Tlv } from './tlv.ts'

/**
 * The binary header (section 2.2) of a connection that is made on behalf of a client. Its last TLV
 * is a checksum, which a sender that can make one has to send.
 * @param endpoints undefined where there are no addresses: the receiver keeps those of the socket
 * @param tlvs 65,000 bytes of them at most
 */
export function encodeV2(endpoints: Endpoints | undefined, tlvs: readonly Tlv[]): Buffer {
  const checksum = { type: tlvType.crc32c, value: Buffer.alloc(4) }
  const rest = Buffer.concat([
    addressBytes(endpoints),
    ...[...tlvs, checksum].map((tlv) => encodeTlv(tlv)),
  ])
  const header = Buffer.concat([fixedPart(proxyCommand, familyOf(endpoints), rest.length), rest])
  header.writeUInt32BE(crc32c(header), header.length - checksum.value.length)
  return header
}

/** The header of a connection that is made for nobody, such as a health check. */
export function encodeLocal(): Buffer {
  return fixedPart(localCommand, unspecified, 0)
}

/** With the version, 2, in the upper four bits. */
const localCommand = 0x20
const proxyCommand = 0x21

const unspecified = 0x00
const tcpOverIpv4 = 0x11
const tcpOverIpv6 = 0x21

function fixedPart(command: number, family: number, length: number): Buffer {
  const fixed = Buffer.alloc(fixedBytes)
  signature.copy(fixed)
  fixed[signature.length] = command
  fixed[signature.length + 1] = family
  fixed.writeUInt16BE(length, signature.length + 2)
  return fixed
}

function familyOf(endpoints: Endpoints | undefined): number {
  if (endpoints === undefined) return unspecified
  return endpoints.source.address.includes(':') ? tcpOverIpv6 : tcpOverIpv4
}

function addressBytes(endpoints: Endpoints | undefined): Buffer {
  if (endpoints === undefined) return Buffer.alloc(0)
  const { source, destination } = endpoints
  const ports = Buffer.alloc(4)
  ports.writeUInt16BE(source.port, 0)
  ports.writeUInt16BE(destination.port, 2)
  return Buffer.concat([ipBytes(source.address), ipBytes(destination.address), ports])
}
