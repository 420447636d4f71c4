import type { BufferPool, Slab } from './buffer-pool.ts'

/** Some of what waits. */
export type Chunk =
  /** A copy: the first `end` bytes of the slab, which is to be given back to the pool. */
  { readonly slab: Slab; end: number } | { readonly bytes: Buffer }

/** Up to here a copy into what waits already costs less than a write of its own. */
const mergeBytes = 4096
/** Room for what comes after, in a piece that is not the only one. */
const roomyBytes = 16_384

/** What waits behind a write that is not over, in as few pieces as it fits into. */
export class Backlog {
  readonly #pool: BufferPool
  readonly #chunks: Chunk[] = []
  #bytes = 0

  constructor(pool: BufferPool) {
    this.#pool = pool
  }

  get bytes(): number {
    return this.#bytes
  }

  /** Copies `bytes[from, to)` to the end. @param more is known to come after them */
  append(bytes: Buffer, from: number, to: number, more = false): void {
    this.#bytes += to - from
    let at = from
    const last = this.#chunks.at(-1)
    if (last !== undefined && 'slab' in last) {
      const copied = bytes.copy(last.slab.bytes, last.end, at, to)
      last.end += copied
      at += copied
    }
    if (at === to) return
    // A single short one is all there is, as a rule; where more come, they are many.
    const single = last === undefined && !more
    const wanted = single ? to - at : Math.max(to - at, roomyBytes)
    const slab = this.#pool.take(wanted)
    bytes.copy(slab.bytes, 0, at, to)
    this.#chunks.push({ slab, end: to - at })
  }

  /** As `append`, of bytes that nobody changes any more: long ones need no copy. */
  give(bytes: Buffer, from: number, to: number): void {
    if (to - from <= mergeBytes) {
      this.append(bytes, from, to)
      return
    }
    this.#bytes += to - from
    this.#chunks.push({ bytes: bytes.subarray(from, to) })
  }

  /** Takes out what has waited longest. */
  shift(): Chunk | undefined {
    const chunk = this.#chunks.shift()
    if (chunk !== undefined) this.#bytes -= 'slab' in chunk ? chunk.end : chunk.bytes.length
    return chunk
  }
}
