import { Opcode } from '../../src/websocket/opcode.ts'

export interface FrameParts {
  readonly opcode?: number
  readonly fin?: boolean
  /** The reserved bits in place: 0x40 is RSV1. */
  readonly rsv?: number
  readonly payload?: string | Uint8Array
  readonly masked?: boolean
}

const maskingKey = Buffer.from('37fa213d', 'hex')

/**
 * One frame, naively: the twin that the product's own code is held against. Masked with the key of
 * RFC 6455 section 5.7.
 */
export function frame(parts: FrameParts): Buffer {
  const { opcode = Opcode.binary, fin = true, rsv = 0, masked = false } = parts
  const payload = Buffer.from(parts.payload ?? '')
  const size = payload.length
  const length = Buffer.alloc(size < 126 ? 1 : size < 65_536 ? 3 : 9)
  if (size < 126) length[0] = size
  else if (size < 65_536) {
    length[0] = 126
    length.writeUInt16BE(size, 1)
  } else {
    length[0] = 127
    length.writeBigUInt64BE(BigInt(size), 1)
  }
  const first = Buffer.from([(fin ? 0x80 : 0) | rsv | opcode])
  if (!masked) return Buffer.concat([first, length, payload])
  length.writeUInt8(length.readUInt8(0) | 0x80, 0)
  const hidden = Buffer.from(payload)
  for (let i = 0; i < size; i++) hidden[i]! ^= maskingKey[i & 3]!
  return Buffer.concat([first, length, maskingKey, hidden])
}

/** As a client sends it. */
export function clientFrame(parts: FrameParts = {}): Buffer {
  return frame({ ...parts, masked: true })
}

/** The payload of a Close. */
export function closePayload(code: number, reason = ''): Buffer {
  const payload = Buffer.alloc(2)
  payload.writeUInt16BE(code)
  return Buffer.concat([payload, Buffer.from(reason)])
}

export interface ReadFrame {
  readonly opcode: number
  readonly fin: boolean
  readonly masked: boolean
  readonly payload: Buffer
}

/** All whole frames of `bytes`, unmasked; what is left over stays unread. */
export function readFrames(bytes: Buffer): { frames: ReadFrame[]; rest: Buffer } {
  const frames: ReadFrame[] = []
  let at = 0
  for (;;) {
    const parsed = readFrame(bytes.subarray(at))
    if (parsed === undefined) return { frames, rest: bytes.subarray(at) }
    frames.push(parsed.frame)
    at += parsed.size
  }
}

/** The frame that `bytes` begin with, where it is whole. */
export function readFrame(bytes: Buffer): { frame: ReadFrame; size: number } | undefined {
  if (bytes.length < 2) return undefined
  const masked = bytes[1]! >= 0x80
  let length = bytes[1]! & 0x7f
  let at = 2
  if (length === 126) {
    if (bytes.length < 4) return undefined
    length = bytes.readUInt16BE(2)
    at = 4
  } else if (length === 127) {
    if (bytes.length < 10) return undefined
    length = Number(bytes.readBigUInt64BE(2))
    at = 10
  }
  const key = masked ? bytes.subarray(at, at + 4) : undefined
  if (masked) at += 4
  if (bytes.length < at + length) return undefined
  const payload = Buffer.from(bytes.subarray(at, at + length))
  if (key !== undefined) for (let i = 0; i < length; i++) payload[i]! ^= key[i % 4]!
  const frame = { opcode: bytes[0]! & 0x0f, fin: bytes[0]! >= 0x80, masked, payload }
  return { frame, size: at + length }
}
