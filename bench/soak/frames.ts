import { Opcode } from '../../src/websocket/opcode.ts'

export interface Frame {
  readonly opcode: number
  readonly fin: boolean
  readonly payload: Uint8Array
  /** A masking key, of a client's frame. */
  readonly key?: number
}

// Written anew, and not the product's own: it is what the product is held against.
/** One frame as it goes over the wire. */
export function encodeFrame({ opcode, fin, payload, key }: Frame): Buffer {
  const size = payload.length
  const extended = size < 126 ? 0 : size < 65_536 ? 2 : 8
  const at = 2 + extended + (key === undefined ? 0 : 4)
  const bytes = Buffer.allocUnsafe(at + size)
  bytes[0] = (fin ? 0x80 : 0) | opcode
  bytes[1] = (key === undefined ? 0 : 0x80) | (extended === 0 ? size : extended === 2 ? 126 : 127)
  if (extended === 2) bytes.writeUInt16BE(size, 2)
  if (extended === 8) bytes.writeBigUInt64BE(BigInt(size), 2)
  bytes.set(payload, at)
  if (key !== undefined) {
    bytes.writeUInt32BE(key, at - 4)
    unmask(bytes.subarray(at), key, 0)
  }
  return bytes
}

/** What tells one frame from another, but for its payload. */
export function describeFrame(opcode: number, fin: boolean, size: number): number {
  return size * 32 + (fin ? 16 : 0) + opcode
}

export interface FrameEvents {
  begins(opcode: number, fin: boolean, size: number): void
  /** Unmasked; all of a control frame's at once. */
  payload(opcode: number, bytes: Buffer): void
}

const longestHeader = 14

/** Reads frames as they come, in any pieces. */
export class FrameReader {
  readonly #events: FrameEvents
  readonly #header = Buffer.alloc(longestHeader)
  #have = 0
  #opcode = 0
  #left = 0
  #key = 0
  #offset = 0
  /** Of a control frame; undefined in any other. */
  #control: Buffer | undefined

  constructor(events: FrameEvents) {
    this.#events = events
  }

  /** @param bytes are unmasked in place. @throws {Error} where they are no frames */
  feed(bytes: Buffer): void {
    let at = 0
    while (at < bytes.length) {
      if (this.#left === 0) {
        this.#header[this.#have++] = bytes[at++]!
        if (this.#have >= 2 && this.#have === this.#headerSize()) this.#begin()
        continue
      }
      const piece = bytes.subarray(at, at + this.#left)
      at += piece.length
      this.#payload(piece)
    }
  }

  #headerSize(): number {
    const second = this.#header[1]!
    const short = second & 0x7f
    return 2 + (short === 127 ? 8 : short === 126 ? 2 : 0) + (second >= 0x80 ? 4 : 0)
  }

  #begin(): void {
    const header = this.#header
    const short = header[1]! & 0x7f
    const size =
      short === 127
        ? Number(header.readBigUInt64BE(2))
        : short === 126
          ? header.readUInt16BE(2)
          : short
    this.#key = header[1]! >= 0x80 ? header.readUInt32BE(this.#have - 4) : 0
    this.#have = 0
    this.#opcode = header[0]! & 0x0f
    this.#left = size
    this.#offset = 0
    const control = this.#opcode >= Opcode.close
    if (control && size > 125) throw new Error(`a control frame of ${size} bytes`)
    this.#control = control ? Buffer.alloc(size) : undefined
    this.#events.begins(this.#opcode, header[0]! >= 0x80, size)
    if (size === 0) this.#events.payload(this.#opcode, header.subarray(0, 0))
  }

  #payload(piece: Buffer): void {
    if (this.#key !== 0) unmask(piece, this.#key, this.#offset)
    this.#control?.set(piece, this.#offset)
    this.#offset += piece.length
    this.#left -= piece.length
    if (this.#control === undefined) this.#events.payload(this.#opcode, piece)
    else if (this.#left === 0) this.#events.payload(this.#opcode, this.#control)
  }
}

function unmask(bytes: Buffer, key: number, offset: number): void {
  const keys = [key >>> 24, (key >>> 16) & 0xff, (key >>> 8) & 0xff, key & 0xff]
  for (let i = 0; i < bytes.length; i++) bytes[i]! ^= keys[(offset + i) & 3]!
}
