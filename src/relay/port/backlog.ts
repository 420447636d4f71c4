import type { BufferPool } from './buffer-pool.ts'

/** Some of what waits: `bytes[0, end)`. */
export interface Chunk {
  readonly bytes: Buffer
  end: number
  /** Taken from the pool, and to be given back; of others more may not be written into `bytes`. */
  readonly pooled: boolean
}

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

  /** Copies `bytes[from, to)` to the end. */
  append(bytes: Uint8Array, from: number, to: number): void {
    const last = this.#chunks.at(-1)
    let at = from
    if (last?.pooled === true) {
      at += Math.min(to - at, last.bytes.length - last.end)
      last.bytes.set(bytes.subarray(from, at), last.end)
      last.end += at - from
    }
    if (at < to) {
      // The first small one may stay alone; where more come, they are many.
      const buffer = this.#pool.take(this.#chunks.length === 0 ? to - at : Math.max(to - at, 16_384))
      buffer.set(bytes.subarray(at, to))
      this.#chunks.push({ bytes: buffer, end: to - at, pooled: true })
    }
    this.#bytes += to - from
  }

  /** Puts bytes that nobody changes any more to the end, as they are. */
  give(bytes: Buffer): void {
    this.#chunks.push({ bytes, end: bytes.length, pooled: false })
    this.#bytes += bytes.length
  }

  /** What has waited longest, in one piece. */
  shift(): Chunk | undefined {
    const chunk = this.#chunks.shift()
    if (chunk !== undefined) this.#bytes -= chunk.end
    return chunk
  }
}
