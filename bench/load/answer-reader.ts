import type { MessageRing } from './message-ring.ts'

/**
 * Follows the frames that come back on one connection and compares every payload byte with what was
 * sent. How the bytes are cut into frames is the proxy's affair: a bridge makes its own.
 */
export class AnswerReader {
  readonly #ring: MessageRing
  readonly #header = new Uint8Array(10)
  #headerHave = 0
  #payloadLeft = 0
  #isControl = false
  /** Where in the ring's payloads the next byte belongs, and how much of its message is here. */
  #at = 0
  #messageHave = 0

  constructor(ring: MessageRing) {
    this.#ring = ring
  }

  /**
   * @returns how many messages became complete
   * @throws {Error} when other bytes came than were sent
   */
  read(bytes: Buffer, from: number, to: number): number {
    let at = from
    let complete = 0
    while (at < to) {
      if (this.#payloadLeft > 0) {
        const taken = Math.min(this.#payloadLeft, to - at)
        if (!this.#isControl) complete += this.#payload(bytes, at, at + taken)
        this.#payloadLeft -= taken
        at += taken
      } else {
        this.#header[this.#headerHave++] = bytes[at++]!
        if (this.#headerHave >= 2) this.#readHeader()
      }
    }
    return complete
  }

  #readHeader(): void {
    const header = this.#header
    const short = header[1]!
    const need = short < 126 ? 2 : short === 126 ? 4 : 10
    if (this.#headerHave < need) return
    let length = short
    if (need > 2) {
      length = 0
      for (let at = 2; at < need; at++) length = length * 256 + header[at]!
    }
    const opcode = header[0]! & 0x0f
    if (opcode === 8) throw new Error('the proxy closed a WebSocket')
    this.#isControl = opcode > 8
    this.#payloadLeft = length
    this.#headerHave = 0
  }

  #payload(bytes: Buffer, from: number, to: number): number {
    const { expected, payloadBytes } = this.#ring
    let at = from
    while (at < to) {
      const taken = Math.min(to - at, expected.length - this.#at)
      if (expected.compare(bytes, at, at + taken, this.#at, this.#at + taken) !== 0) {
        throw new Error('other bytes came back than were sent')
      }
      this.#at += taken
      if (this.#at === expected.length) this.#at = 0
      at += taken
    }
    const have = this.#messageHave + (to - from)
    this.#messageHave = have % payloadBytes
    return Math.floor(have / payloadBytes)
  }
}
