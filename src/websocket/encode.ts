import { noCode } from './close-code.ts'
import type { Close } from './close-code.ts'
import { applyMask } from './mask.ts'
import { Opcode } from './opcode.ts'
import { putRandom } from './random.ts'

/** The longest payload of a control frame (RFC 6455 section 5.5). */
export const maxControlPayload = 125

const fin = 0x80
const masked = 0x80

/** The header of an unmasked frame that is a whole message, in the shortest form. */
export function dataHeader(opcode: Opcode, length: number): Buffer {
  const header = Buffer.alloc(length <= 125 ? 2 : length <= 0xffff ? 4 : 10)
  putDataHeader(header, header.length, opcode, length)
  return header
}

/**
 * Writes that header in front of `bytes[end]`.
 * @returns where it begins; -1 where there is no room for it
 */
export function putDataHeader(bytes: Buffer, end: number, opcode: Opcode, length: number): number {
  const start = end - (length <= 125 ? 2 : length <= 0xffff ? 4 : 10)
  if (start < 0) return -1
  bytes[start] = fin | opcode
  if (length <= 125) bytes[start + 1] = length
  else if (length <= 0xffff) {
    bytes[start + 1] = 126
    bytes[start + 2] = length >>> 8
    bytes[start + 3] = length & 0xff
  } else {
    bytes[start + 1] = 127
    bytes.writeUInt32BE(Math.floor(length / 2 ** 32), start + 2)
    bytes.writeUInt32BE(length % 2 ** 32, start + 6)
  }
  return start
}

/**
 * A Ping, Pong or Close with this payload.
 * @param toServer frames towards a server are masked, with a fresh unpredictable key (RFC 6455
 * section 5.3)
 */
export function encodeControl(opcode: Opcode, payload: Uint8Array, toServer: boolean): Buffer {
  const frame = controlFrame(payload.length, toServer)
  frame.set(payload, frame.length - payload.length)
  return headed(frame, opcode, toServer)
}

/** A Close frame; one with `noCode` has no payload. The reason is at most 123 bytes of UTF-8. */
export function encodeClose(close: Close, toServer: boolean): Buffer {
  const length = close.code === noCode ? 0 : 2 + Buffer.byteLength(close.reason)
  const frame = controlFrame(length, toServer)
  if (length > 0) {
    const start = frame.writeUInt16BE(close.code, frame.length - length)
    frame.write(close.reason, start)
  }
  return headed(frame, Opcode.close, toServer)
}

/** Room for a header, which is not written yet, and a payload. */
function controlFrame(length: number, toServer: boolean): Buffer {
  if (length > maxControlPayload) throw new RangeError('control payload over 125 bytes')
  return Buffer.allocUnsafe(headerBytes(toServer) + length)
}

/** Writes the header in front of a payload, and masks that. */
function headed(frame: Buffer, opcode: Opcode, toServer: boolean): Buffer {
  const start = headerBytes(toServer)
  frame[0] = fin | opcode
  frame[1] = (toServer ? masked : 0) | (frame.length - start)
  if (toServer) {
    putRandom(frame, 2, 4)
    applyMask(frame, start, frame.length, frame.readUInt32BE(2), 0)
  }
  return frame
}

function headerBytes(toServer: boolean): number {
  return toServer ? 6 : 2
}
