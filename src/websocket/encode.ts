import { randomBytes } from 'node:crypto'
import { noCode } from './close-code.ts'
import type { Close } from './close-code.ts'
import { applyMask } from './mask.ts'
import { Opcode } from './opcode.ts'

/** The longest payload of a control frame (RFC 6455 section 5.5). */
export const maxControlPayload = 125

const fin = 0x80
const masked = 0x80

/** The header of an unmasked frame that is a whole message, in the shortest form. */
export function dataHeader(opcode: Opcode, length: number): Buffer {
  if (length <= 125) return Buffer.from([fin | opcode, length])
  if (length <= 0xffff) return Buffer.from([fin | opcode, 126, length >>> 8, length & 0xff])
  const header = Buffer.alloc(10)
  header[0] = fin | opcode
  header[1] = 127
  header.writeUInt32BE(Math.floor(length / 2 ** 32), 2)
  header.writeUInt32BE(length % 2 ** 32, 6)
  return header
}

/**
 * A Ping, Pong or Close with this payload.
 * @param toServer frames towards a server are masked, with a fresh unpredictable key (RFC 6455
 * section 5.3)
 */
export function encodeControl(opcode: Opcode, payload: Uint8Array, toServer: boolean): Buffer {
  if (payload.length > maxControlPayload) throw new RangeError('control payload over 125 bytes')
  const start = toServer ? 6 : 2
  const frame = Buffer.alloc(start + payload.length)
  frame[0] = fin | opcode
  frame[1] = (toServer ? masked : 0) | payload.length
  frame.set(payload, start)
  if (toServer) {
    frame.set(randomBytes(4), 2)
    applyMask(frame, start, frame.length, frame.readUInt32BE(2), 0)
  }
  return frame
}

/** A Close frame; one with `noCode` has no payload. The reason is at most 123 bytes of UTF-8. */
export function encodeClose(close: Close, toServer: boolean): Buffer {
  if (close.code === noCode) return encodeControl(Opcode.close, Buffer.alloc(0), toServer)
  const payload = Buffer.alloc(2 + Buffer.byteLength(close.reason))
  payload.writeUInt16BE(close.code, 0)
  payload.write(close.reason, 2)
  return encodeControl(Opcode.close, payload, toServer)
}
