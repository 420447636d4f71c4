import type { Socket } from 'node:net'

/** What every block is: a frame around it, and a payload that begins with the block's number. */
export interface BlockShape {
  readonly header: Buffer
  readonly payloadBytes: number
}

/**
 * An endless stream of blocks that are told apart by their numbers. Made and compared in one
 * buffer, so that gigabytes cost neither memory nor much time, and every byte is compared in its
 * place, which says more than a hash would.
 */
export class NumberedBlocks {
  readonly #block: Buffer
  readonly #numberAt: number
  #number = -1

  constructor({ header, payloadBytes }: BlockShape) {
    this.#numberAt = header.length
    this.#block = Buffer.concat([header, Buffer.alloc(payloadBytes, 'the quick brown fox, ')])
  }

  get size(): number {
    return this.#block.length
  }

  /** The block with this number. Valid until the next call. */
  block(number: number): Buffer {
    if (number !== this.#number) {
      this.#number = number
      this.#block.writeDoubleBE(number, this.#numberAt)
    }
    return this.#block
  }
}

/**
 * Writes `count` blocks, each after the one before has been taken. @param onProgress called for
 * each that was
 */
export async function writeBlocks(
  socket: Socket,
  shape: BlockShape,
  count: number,
  onProgress: () => void = () => undefined,
): Promise<void> {
  const blocks = new NumberedBlocks(shape)
  for (let number = 0; number < count; number++) {
    await new Promise<void>((resolve, reject) => {
      socket.write(blocks.block(number), (error) => (error ? reject(error) : resolve()))
    })
    onProgress()
  }
}

/** Compares what arrives with what it must be. */
export class BlockReader {
  readonly #expected: NumberedBlocks
  #taken = 0

  constructor(shape: BlockShape) {
    this.#expected = new NumberedBlocks(shape)
  }

  /** Bytes that were as they must be. */
  get taken(): number {
    return this.#taken
  }

  /** @throws {Error} at the first byte that is not in its place */
  take(bytes: Buffer, from = 0, to = bytes.length): void {
    const { size } = this.#expected
    for (let at = from; at < to;) {
      const offset = this.#taken % size
      const step = Math.min(size - offset, to - at)
      const block = this.#expected.block(Math.floor(this.#taken / size))
      if (bytes.compare(block, offset, offset + step, at, at + step) !== 0) {
        throw new Error(`wrong bytes after ${this.#taken}`)
      }
      this.#taken += step
      at += step
    }
  }
}

/** Takes the payloads out of unmasked frames that arrive in any pieces. */
export class PayloadReader {
  readonly #sink: (bytes: Buffer, from: number, to: number) => void
  #left = 0
  #header: number[] = []

  constructor(sink: (bytes: Buffer, from: number, to: number) => void) {
    this.#sink = sink
  }

  take(bytes: Buffer): void {
    for (let at = 0; at < bytes.length;) {
      if (this.#left > 0) {
        const step = Math.min(this.#left, bytes.length - at)
        this.#sink(bytes, at, at + step)
        this.#left -= step
        at += step
      } else {
        this.#header.push(bytes[at++]!)
        this.#readHeader()
      }
    }
  }

  #readHeader(): void {
    const header = this.#header
    if (header.length < 2) return
    const short = header[1]!
    const extended = short === 127 ? 8 : short === 126 ? 2 : 0
    if (header.length < 2 + extended) return
    this.#left = extended === 0 ? short : header.slice(2).reduce((sum, byte) => sum * 256 + byte, 0)
    this.#header = []
  }
}
