/** A type and a value: what a v2 header carries behind the addresses (section 2.2). */
export interface Tlv {
  readonly type: number
  readonly value: Buffer
}

/** Those of the specification that are sent or read here, and our own from its custom range. */
export const tlvType = {
  alpn: 0x01,
  authority: 0x02,
  crc32c: 0x03,
  uniqueId: 0x05,
  ssl: 0x20,
  sslVersion: 0x21,
  sslCommonName: 0x22,
  /** The subject of the identity that the route's authentication has found, in UTF-8. */
  subject: 0xe0,
} as const

/** The type and the length in front of a value. */
export const tlvHeadBytes = 3

export function encodeTlv({ type, value }: Tlv): Buffer {
  const head = Buffer.alloc(tlvHeadBytes)
  head[0] = type
  head.writeUInt16BE(value.length, 1)
  return Buffer.concat([head, value])
}
