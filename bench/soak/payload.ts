import { createHash } from 'node:crypto'
import type { Hash } from 'node:crypto'
import type { Random } from '../../test/support/random.ts'

/** A prime, so that no stream repeats itself at a power of two. */
const periodBytes = 4_194_301
/** Nothing larger is taken at once. */
export const maxPieceBytes = 4 * 1024 * 1024
/** What all streams are cut from: the same whatever the seed, and continued by its own begin. */
const noise = makeNoise()

/** The payload of one direction, from a place of its own in the noise, and what was made of it. */
export class PayloadSource {
  readonly start: number
  readonly frames: number[] = []
  readonly #hash = createHash('sha256')
  #bytes = 0

  constructor(random: Random) {
    this.start = random.int(0, periodBytes - 1)
  }

  get bytes(): number {
    return this.#bytes
  }

  /** The next bytes. They are everybody's: not to be changed. */
  take(count: number): Buffer {
    const piece = noiseAt(this.start, this.#bytes, count)
    this.#hash.update(piece)
    this.#bytes += count
    return piece
  }

  digest(): string {
    return digestOf(this.#hash)
  }
}

/** Holds what arrives against its source, byte by byte and in order. */
export class PayloadCheck {
  /** The first thing that was wrong. */
  #mismatch: string | undefined
  readonly #source: PayloadSource
  readonly #hash = createHash('sha256')
  #bytes = 0
  #frames = 0

  constructor(source: PayloadSource) {
    this.#source = source
  }

  get bytes(): number {
    return this.#bytes
  }

  frame(description: number): void {
    const expected = this.#source.frames[this.#frames++]
    if (description === expected) return
    this.fail(`frame ${this.#frames} is ${description}, sent ${expected}`)
  }

  fail(mismatch: string): void {
    this.#mismatch ??= mismatch
  }

  feed(bytes: Buffer): void {
    this.#hash.update(bytes)
    for (let at = 0; at < bytes.length; at += maxPieceBytes) {
      const piece = bytes.subarray(at, at + maxPieceBytes)
      const expected = noiseAt(this.#source.start, this.#bytes, piece.length)
      if (!piece.equals(expected)) this.fail(this.#differs(piece, expected))
      this.#bytes += piece.length
    }
  }

  /** @param whole nothing may be missing; otherwise what is there is how it began */
  finish(whole: boolean): string | undefined {
    const { bytes, frames } = this.#source
    if (this.#bytes > bytes) this.fail(`${this.#bytes} bytes, sent ${bytes}`)
    if (!whole || this.#mismatch !== undefined) return this.#mismatch
    if (this.#bytes !== bytes) return `${this.#bytes} bytes of ${bytes}`
    if (this.#frames !== frames.length) return `${this.#frames} frames of ${frames.length}`
    return digestOf(this.#hash) === this.#source.digest() ? undefined : 'another hash'
  }

  #differs(piece: Buffer, expected: Buffer): string {
    let at = 0
    while (piece[at] === expected[at]) at++
    const [got, sent] = [piece, expected].map((bytes) => bytes.toString('hex', at, at + 16))
    return `byte ${this.#bytes + at} on is ${got}, sent ${sent}`
  }
}

function noiseAt(start: number, offset: number, count: number): Buffer {
  const at = (start + offset) % periodBytes
  return noise.subarray(at, at + count)
}

function digestOf(hash: Hash): string {
  return hash.copy().digest('hex')
}

function makeNoise(): Buffer {
  const words = new Uint32Array(Math.ceil((periodBytes + maxPieceBytes) / 4))
  // Xorshift of 32 bits (Marsaglia, 2003).
  let word = 2_463_534_242
  for (let i = 0; i < words.length; i++) {
    word ^= word << 13
    word ^= word >>> 17
    word ^= word << 5
    words[i] = word >>> 0
  }
  const bytes = Buffer.from(words.buffer)
  bytes.copyWithin(periodBytes, 0, maxPieceBytes)
  return bytes
}
