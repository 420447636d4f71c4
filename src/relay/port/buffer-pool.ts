/** Holds what one read brings, and a frame header before it. */
const largeBytes = 64 * 1024 + 64
const smallBytes = 4 * 1024
/** How many of each kind are kept for the next: a burst leaves at most this behind. */
const keptSmall = 256
const keptLarge = 32

/**
 * Buffers for bytes on their way out, taken and given back. None is cleared: who takes one writes
 * before anybody reads.
 */
export class BufferPool {
  readonly #small: Buffer[] = []
  readonly #large: Buffer[] = []

  /** @returns a buffer of `bytes` or more */
  take(bytes: number): Buffer {
    if (bytes <= smallBytes) return this.#small.pop() ?? Buffer.allocUnsafeSlow(smallBytes)
    if (bytes <= largeBytes) return this.#large.pop() ?? Buffer.allocUnsafeSlow(largeBytes)
    return Buffer.allocUnsafeSlow(bytes)
  }

  /** Takes back what nobody reads or writes any more. */
  give(buffer: Buffer): void {
    if (buffer.length === smallBytes) {
      if (this.#small.length < keptSmall) this.#small.push(buffer)
    } else if (buffer.length === largeBytes && this.#large.length < keptLarge) {
      this.#large.push(buffer)
    }
  }
}
