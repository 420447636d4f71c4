import type { Socket } from 'node:net'
import { stage } from './stage.ts'

/**
 * The server's end of a WebSocket whose frames come back unmasked, piece by piece as they arrive: a
 * long one is not waited for.
 */
export class FrameEcho {
  readonly #socket: Socket
  readonly #header = new Uint8Array(14)
  #headerHave = 0
  #headerNeed = 6
  #payloadLeft = 0
  #mask = 0
  #isClose = false

  constructor(socket: Socket) {
    this.#socket = socket
  }

  read(chunk: Buffer, from: number, end: number): void {
    // What goes out is never longer than what came in: headers lose their masks.
    const out = stage.bytes
    let to = 0
    let at = from
    while (at < end) {
      if (this.#payloadLeft > 0) {
        const taken = Math.min(this.#payloadLeft, end - at)
        chunk.copy(out, to, at, at + taken)
        this.#unmask(out, to, to + taken)
        this.#payloadLeft -= taken
        at += taken
        to += taken
      } else {
        this.#header[this.#headerHave++] = chunk[at++]!
        if (this.#headerHave === 2) this.#headerNeed = headerBytes(this.#header[1]! & 0x7f)
        if (this.#headerHave === this.#headerNeed) to = this.#readHeader(out, to)
      }
    }
    if (to > 0) stage.write(this.#socket, to)
    if (this.#isClose && this.#payloadLeft === 0 && this.#headerHave === 0) this.#socket.end()
  }

  #readHeader(out: Buffer, to: number): number {
    const header = this.#header
    const short = header[1]! & 0x7f
    const before = this.#headerNeed - 4
    let length = short
    if (before > 2) {
      length = 0
      for (let at = 2; at < before; at++) length = length * 256 + header[at]!
    }
    // In the order in which a word of a little-endian machine holds the bytes.
    this.#mask =
      header[before]! |
      (header[before + 1]! << 8) |
      (header[before + 2]! << 16) |
      (header[before + 3]! << 24)
    this.#payloadLeft = length
    this.#headerHave = 0
    this.#headerNeed = 6
    const opcode = header[0]! & 0x0f
    this.#isClose = opcode === 8
    // A Ping is answered with a Pong, all else with itself; a Pong, to whom it may concern, is too.
    out[to] = opcode === 9 ? 0x8a : header[0]!
    out[to + 1] = short
    for (let at = 2; at < before; at++) out[to + at] = header[at]!
    return to + before
  }

  /** Leaves the mask turned so that it fits the byte that follows. */
  #unmask(bytes: Buffer, from: number, to: number): void {
    let at = from
    let mask = this.#mask
    for (; at < to && (at & 3) !== 0; at++) {
      bytes[at] = bytes[at]! ^ (mask & 0xff)
      mask = (mask >>> 8) | (mask << 24)
    }
    const { words } = stage
    const lastWord = to >>> 2
    let word = at >>> 2
    for (; word < lastWord; word++) words[word] = words[word]! ^ mask
    if (at < to) at = Math.max(at, word << 2)
    for (; at < to; at++) {
      bytes[at] = bytes[at]! ^ (mask & 0xff)
      mask = (mask >>> 8) | (mask << 24)
    }
    this.#mask = mask
  }
}

function headerBytes(short: number): number {
  return short < 126 ? 6 : short === 126 ? 8 : 14
}
