import type { Socket } from 'node:net'
import { Backlog } from './backlog.ts'
import type { BufferPool, Slab } from './buffer-pool.ts'
import type { Outbox } from './socket-port.ts'

/**
 * Writes through the stream, from buffers that come back when their write is over. What comes while
 * one is not over waits here: a stream keeps a buffer and a request for every write, so that a peer
 * that reads nothing of many short messages would cost a thousand times their bytes.
 */
export class PooledOutbox implements Outbox {
  readonly #socket: Socket
  readonly #pool: BufferPool
  readonly #left: () => void
  /** Of the writes that are not over, in their order; undefined for bytes that were given. */
  readonly #slabs: (Slab | undefined)[] = []
  /** Goes on when one of them is. */
  #backlog: Backlog | undefined
  #ending = false

  constructor(socket: Socket, pool: BufferPool, left: () => void) {
    this.#socket = socket
    this.#pool = pool
    this.#left = left
  }

  get queuedBytes(): number {
    return this.#socket.writableLength + (this.#backlog?.bytes ?? 0)
  }

  write(bytes: Buffer, from: number, to: number): void {
    if (this.#busy) {
      this.#waiting().append(bytes, from, to)
      return
    }
    const slab = this.#pool.take(to - from)
    bytes.copy(slab.bytes, 0, from, to)
    this.#push(slab.first(to - from), slab)
  }

  give(bytes: Buffer, from: number, to: number): void {
    if (this.#busy) this.#waiting().give(bytes, from, to)
    else this.#push(bytes.subarray(from, to), undefined)
  }

  end(): void {
    this.#ending = true
    this.#flush()
  }

  /** The kernel, or TLS, has not taken all of our own writes yet: we shall be told when it has. */
  get #busy(): boolean {
    return this.#slabs.length > 0 && this.#socket.writableLength > 0
  }

  #waiting(): Backlog {
    return (this.#backlog ??= new Backlog(this.#pool))
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
    this.#flush()
    this.#left()
  }

  /** Writes what waits, up to a write that is not over at once. */
  #flush(): void {
    while (!this.#busy) {
      const chunk = this.#backlog?.shift()
      if (chunk === undefined) {
        this.#backlog = undefined
        if (this.#ending) this.#socket.end()
        return
      }
      if ('slab' in chunk) this.#push(chunk.slab.first(chunk.end), chunk.slab)
      else this.#push(chunk.bytes, undefined)
    }
  }
}
