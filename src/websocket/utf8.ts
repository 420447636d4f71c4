import { isUtf8 as isWholeUtf8 } from 'node:buffer'

/** Whether `bytes[from, to)` is UTF-8 by itself. */
export function isUtf8(bytes: Uint8Array, from = 0, to = bytes.length): boolean {
  return isWholeUtf8(bytes.subarray(from, to))
}

/**
 * Checks UTF-8 that arrives in runs cut anywhere (RFC 3629: no overlong forms, no surrogates,
 * nothing above U+10FFFF). A wrong byte is known the moment it comes, not at the end of its
 * character.
 */
export class Utf8Validator {
  /** Continuation bytes the character in progress still needs. */
  #needed = 0
  // The range of the next continuation byte: narrower than 80 to bf behind e0, ed, f0 and f4.
  #low = 0x80
  #high = 0xbf

  /** No character is half done. */
  get complete(): boolean {
    return this.#needed === 0
  }

  reset(): void {
    this.#needed = 0
    this.#low = 0x80
    this.#high = 0xbf
  }

  /** @returns false when a byte cannot be; the validator is of no use then until `reset()` */
  feed(bytes: Uint8Array, from: number, to: number): boolean {
    let at = from
    if (this.#needed === 0 && to - from >= 64) {
      // The native check takes all whole characters at once; only the tail needs the walk below.
      const whole = to - incompleteTail(bytes, from, to)
      if (!isUtf8(bytes, from, whole)) return false
      at = whole
    }
    for (; at < to; at++) {
      const byte = bytes[at]!
      if (this.#needed > 0) {
        if (byte < this.#low || byte > this.#high) return false
        this.#low = 0x80
        this.#high = 0xbf
        this.#needed--
      } else if (byte >= 0x80 && !this.#lead(byte)) return false
    }
    return true
  }

  #lead(byte: number): boolean {
    if (byte < 0xc2 || byte > 0xf4) return false
    if (byte < 0xe0) this.#needed = 1
    else if (byte < 0xf0) {
      this.#needed = 2
      if (byte === 0xe0) this.#low = 0xa0
      if (byte === 0xed) this.#high = 0x9f
    } else {
      this.#needed = 3
      if (byte === 0xf0) this.#low = 0x90
      if (byte === 0xf4) this.#high = 0x8f
    }
    return true
  }
}

/**
 * How many bytes at the end of `bytes[from, to)` begin a character that more bytes could complete:
 * 0 to 3. A tail that no byte could complete is not counted.
 */
export function incompleteTail(bytes: Uint8Array, from: number, to: number): number {
  for (let back = 1; back <= 3 && to - back >= from; back++) {
    const byte = bytes[to - back]!
    if (byte < 0x80) return 0
    if (byte < 0xc0) continue
    const size = byte < 0xc2 || byte > 0xf4 ? 1 : byte < 0xe0 ? 2 : byte < 0xf0 ? 3 : 4
    if (size <= back) return 0
    const second = back > 1 ? bytes[to - back + 1]! : -1
    return second === -1 || isSecond(byte, second) ? back : 0
  }
  return 0
}

/** Whether `second` may follow the lead byte of a character of three or four bytes. */
function isSecond(lead: number, second: number): boolean {
  if (lead === 0xe0) return second >= 0xa0
  if (lead === 0xed) return second <= 0x9f
  if (lead === 0xf0) return second >= 0x90
  if (lead === 0xf4) return second <= 0x8f
  return true
}

/**
 * Makes UTF-8 of a byte stream: no character is cut between two pieces, and what is no UTF-8
 * becomes U+FFFD (one for each maximal part of a character, as the WHATWG decoder does).
 */
export class Utf8Repair {
  /**
   * The begin of a character whose rest has not come. Copied: a view would keep the whole read
   * alive.
   */
  #tail: Buffer | undefined

  /** @returns what can be sent now; possibly a view of `bytes`, possibly empty */
  take(bytes: Buffer, from: number, to: number): Buffer {
    let piece = bytes.subarray(from, to)
    if (this.#tail !== undefined) {
      piece = Buffer.concat([this.#tail, piece])
      this.#tail = undefined
    }
    const tail = incompleteTail(piece, 0, piece.length)
    const whole = piece.subarray(0, piece.length - tail)
    if (tail > 0) this.#tail = Buffer.from(piece.subarray(piece.length - tail))
    return isUtf8(whole) ? whole : Buffer.from(whole.toString('utf8'), 'utf8')
  }

  /**
   * @returns what is left at the end of the stream: U+FFFD for a character without its rest, else
   * nothing
   */
  end(): Buffer {
    const tail = this.#tail
    this.#tail = undefined
    return tail === undefined ? Buffer.alloc(0) : Buffer.from(tail.toString('utf8'), 'utf8')
  }
}
