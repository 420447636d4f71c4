import type { Socket } from 'node:net'
import type { BufferPool, Slab } from './buffer-pool.ts'
import type { Outbox } from './socket-port.ts'

/** Writes through the stream, from buffers that come back when their write is over. */
export class PooledOutbox implements Outbox {
  readonly #socket: Socket
  readonly #pool: BufferPool
  readonly #left: () => void
  /** Of the writes that are not over, in their order; undefined for bytes that were given. */
  readonly #slabs: (Slab | undefined)[] = []

  constructor(socket: Socket, pool: BufferPool, left: () => void) {
    this.#socket = socket
    this.#pool = pool
    this.#left = left
  }

  get queuedBytes(): number {
    return this.#socket.writableLength
  }

  write(bytes: Buffer, from: number, to: number): void {
    const slab = this.#pool.take(to - from)
    bytes.copy(slab.bytes, 0, from, to)
    this.#push(slab.first(to - from), slab)
  }

  give(bytes: Buffer, from: number, to: number): void {
    this.#push(bytes.subarray(from, to), undefined)
  }

  end(): void {
    this.#socket.end()
  }

  #push(bytes: Buffer, slab: Slab | undefined): void {
    if (this.#socket.destroyed) return
    this.#slabs.push(slab)
    this.#socket.write(bytes, this.#wrote)
  }

  // Called for each write, in their order.
  readonly #wrote = (error?: Error | null): void => {
    const slab = this.#slabs.shift()
    // After an error libuv may not be done with the bytes.
    if (slab !== undefined && !error) this.#pool.give(slab)
    this.#left()
  }
}
