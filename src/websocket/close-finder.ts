import { Opcode } from './opcode.ts'

/**
 * Looks for the Close in frames that nobody will get any more. Follows lengths only and judges
 * nothing: what is discarded may break rules, and a sender that lies about lengths only waits
 * longer for its end.
 */
export class CloseFinder {
  #found = false
  #skip: number
  #have = 0
  #opcode = 0
  #extended = 0
  #size = 0
  #length = 0

  /** @param skip bytes of a payload in progress that come first */
  constructor(skip = 0) {
    this.#skip = skip
  }

  /** The header of a Close has been seen. */
  get found(): boolean {
    return this.#found
  }

  scan(bytes: Uint8Array, from: number, to: number): void {
    let at = from
    while (at < to && !this.#found) {
      if (this.#skip > 0) {
        const step = Math.min(this.#skip, to - at)
        this.#skip -= step
        at += step
      } else this.#header(bytes[at++]!)
    }
  }

  #header(byte: number): void {
    const position = this.#have++
    if (position === 0) {
      this.#opcode = byte & 0x0f
      return
    }
    if (position === 1) {
      const short = byte & 0x7f
      this.#extended = short === 127 ? 8 : short === 126 ? 2 : 0
      this.#length = this.#extended > 0 ? 0 : short
      this.#size = 2 + this.#extended + (byte >= 0x80 ? 4 : 0)
    } else if (position < 2 + this.#extended) this.#length = this.#length * 256 + byte
    if (this.#have < this.#size) return
    this.#have = 0
    this.#skip = this.#length
    this.#found = this.#opcode === Opcode.close
  }
}
