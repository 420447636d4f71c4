/** Holds what one read brings, and a frame header before it. */
const largeBytes = 66 * 1024
const smallBytes = 4 * 1024
/** How many of each kind are kept for the next: a burst leaves at most this behind. */
const keptSmall = 256
const keptLarge = 128
/** So long are the views that a slab keeps: most messages are short, and a view costs 100 bytes. */
const keptViewBytes = 256

/** Memory for bytes on their way out. */
export class Slab {
  readonly bytes: Buffer
  readonly #views: Buffer[] = []

  constructor(bytes: number) {
    this.bytes = Buffer.allocUnsafeSlow(bytes)
  }

  /** Its first `count` bytes. Short ones are made once, so that a short write allocates nothing. */
  first(count: number): Buffer {
    if (count > keptViewBytes) return this.bytes.subarray(0, count)
    return (this.#views[count] ??= this.bytes.subarray(0, count))
  }
}

/** Slabs, taken and given back. None is cleared: who takes one writes before anybody reads. */
export class BufferPool {
  readonly #small: Slab[] = []
  readonly #large: Slab[] = []

  /** @returns a slab of `bytes` or more */
  take(bytes: number): Slab {
    if (bytes <= smallBytes) return this.#small.pop() ?? new Slab(smallBytes)
    if (bytes <= largeBytes) return this.#large.pop() ?? new Slab(largeBytes)
    return new Slab(bytes)
  }

  /** Takes back what nobody reads or writes any more. */
  give(slab: Slab): void {
    const { length } = slab.bytes
    if (length === smallBytes) {
      if (this.#small.length < keptSmall) this.#small.push(slab)
    } else if (length === largeBytes && this.#large.length < keptLarge) {
      this.#large.push(slab)
    }
  }
}
