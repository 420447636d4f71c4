import { crc32c } from './crc32c.ts'
import type { Endpoints } from './endpoints.ts'
import { ipText } from './ip-bytes.ts'
import { malformed } from './malformed.ts'
import type { ParsedHeader } from './parsed-header.ts'
import { fixedBytes, signature } from './signature.ts'
import { tlvHeadBytes, tlvType } from './tlv.ts'

/** Behind the fixed part. A sender may announce 64 KiB; real ones stay in one TCP segment. */
const maxRestBytes = 4096

const version = 2
const local = 0
const proxy = 1

/** Bytes of the two addresses and the ports of each family (section 2.2). */
const addressBytes: Readonly<Record<number, number>> = { 0: 0, 1: 12, 2: 36, 3: 216 }
const [unspecified, ipv6, stream, highestTransport] = [0, 2, 1, 2]

/**
 * Reads a binary header.
 * @param bytes beginning with the signature, or a part of it
 * @returns undefined where not all of it has come yet
 * @throws {GatewayError} `proxy-header-invalid`
 */
export function parseV2(bytes: Buffer): ParsedHeader | undefined {
  const versionAndCommand = bytes[signature.length]
  if (versionAndCommand === undefined) return undefined
  const command = versionAndCommand & 0x0f
  if (versionAndCommand >> 4 !== version) throw malformed('the version is not 2')
  if (command > proxy) throw malformed('an unknown command')
  if (bytes.length < fixedBytes) return undefined
  const rest = bytes.readUInt16BE(signature.length + 2)
  if (rest > maxRestBytes) throw malformed(`${rest} bytes, of which ${maxRestBytes} may be`)
  const length = fixedBytes + rest
  const family = bytes[signature.length + 1]!
  if (command === proxy) checkFamily(family, rest)
  if (bytes.length < length) return undefined
  // Whatever stands in the header of a LOCAL connection has to be skipped unread.
  if (command === local) return { length, endpoints: undefined }
  const header = bytes.subarray(0, length)
  if (family >> 4 === unspecified) return { length, endpoints: undefined }
  checkTlvs(header, fixedBytes + addressBytes[family >> 4]!)
  return { length, endpoints: endpointsIn(header, family) }
}

/** Both halves are known to it, and there is room for what they announce. */
function checkFamily(family: number, rest: number): void {
  const needed = addressBytes[family >> 4]
  if (needed === undefined || (family & 0x0f) > highestTransport) {
    throw malformed('an unknown family or transport')
  }
  if (rest < needed) throw malformed('shorter than its addresses')
}

/** @returns undefined for what is not TCP over IP: a client on a unix socket, a datagram's */
function endpointsIn(header: Buffer, family: number): Endpoints | undefined {
  if (family >> 4 > ipv6 || (family & 0x0f) !== stream) return undefined
  const bytes = family >> 4 === ipv6 ? 16 : 4
  const destinationAt = fixedBytes + bytes
  const portsAt = destinationAt + bytes
  return {
    source: {
      address: ipText(header.subarray(fixedBytes, destinationAt)),
      port: header.readUInt16BE(portsAt),
    },
    destination: {
      address: ipText(header.subarray(destinationAt, portsAt)),
      port: header.readUInt16BE(portsAt + 2),
    },
  }
}

/**
 * They fill the header to its last byte. Of what they say only the checksum is of use here, and one
 * that is wrong makes the connection invalid (section 2.2.3).
 */
function checkTlvs(header: Buffer, from: number): void {
  for (let at = from; at < header.length;) {
    const value = at + tlvHeadBytes
    if (value > header.length) throw malformed('a cut-off TLV')
    const end = value + header.readUInt16BE(at + 1)
    if (end > header.length) throw malformed('a TLV that is longer than the header')
    if (header[at] === tlvType.crc32c) checkSum(header, value, end)
    at = end
  }
}

function checkSum(header: Buffer, from: number, to: number): void {
  if (to - from !== 4) throw malformed('a checksum of another length')
  const expected = header.readUInt32BE(from)
  const zeroed = Buffer.from(header)
  zeroed.fill(0, from, to)
  if (crc32c(zeroed) !== expected) throw malformed('the checksum is wrong')
}
