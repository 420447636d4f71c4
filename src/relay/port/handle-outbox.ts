import type { Socket } from 'node:net'
import { TLSSocket } from 'node:tls'
import { Backlog } from './backlog.ts'
import type { BufferPool, Slab } from './buffer-pool.ts'
import { failure } from './socket-internals.ts'
import type { HandleWrites } from './socket-internals.ts'
import type { Outbox } from './socket-port.ts'
import type { Holder, TurnEnd } from './turn-end.ts'

/** Held for more to come at most: what one read brings at most, so that a slab has room for a bit more. */
const maxHeldBytes = 64 * 1024

/** What outboxes of a gateway have in common. */
interface Means {
  readonly writes: HandleWrites
  readonly pool: BufferPool
  readonly turnEnd: TurnEnd
}

/**
 * Writes on the socket's handle, one at a time. As a rule the kernel takes a write whole at once,
 * and nothing is left of it but a system call; what comes while one is not over waits as a copy.
 */
export class HandleOutbox implements Outbox, Holder {
  readonly #socket: Socket
  readonly #writes: HandleWrites
  readonly #pool: BufferPool
  readonly #turnEnd: TurnEnd
  readonly #holdBytes: number
  readonly #left: () => void
  /** TLS has encrypted or copied the bytes of a write when it returns; a TCP handle keeps them. */
  readonly #keepsBytes: boolean
  /** Bytes of the write that is not over; 0 where none is. */
  #busyBytes = 0
  /** To be given back when it is. */
  #busySlab: Slab | undefined
  /** Waits for that, or where there is none for the end of the turn. */
  #backlog: Backlog | undefined
  #ending = false
  #failed = false

  /** @param bufferBytes beyond which nothing is held */
  constructor(socket: Socket, bufferBytes: number, means: Means, left: () => void) {
    this.#socket = socket
    this.#writes = means.writes
    this.#pool = means.pool
    this.#turnEnd = means.turnEnd
    this.#holdBytes = Math.min(bufferBytes, maxHeldBytes)
    this.#left = left
    this.#keepsBytes = !(socket instanceof TLSSocket)
  }

  get queuedBytes(): number {
    return this.#busyBytes > 0 ? this.#busyBytes + (this.#backlog?.bytes ?? 0) : 0
  }

  write(bytes: Buffer, from: number, to: number, more: boolean): void {
    if (this.#failed) return
    if (this.#busyBytes > 0) this.#waiting().append(bytes, from, to)
    else if (this.#backlog !== undefined) this.#hold(bytes, from, to, more)
    else if (this.#socket.writableLength > 0) this.#pass(Buffer.from(bytes.subarray(from, to)))
    else if (more) this.#hold(bytes, from, to, more)
    else if (this.#keepsBytes) {
      const slab = this.#pool.take(to - from)
      bytes.copy(slab.bytes, 0, from, to)
      this.#start(slab.first(to - from), slab)
    } else this.#start(bytes.subarray(from, to), undefined)
  }

  give(bytes: Buffer, from: number, to: number): void {
    if (this.#failed) return
    if (this.#busyBytes > 0 || this.#backlog !== undefined) {
      this.#waiting().give(bytes, from, to)
      this.#flush()
    } else if (this.#socket.writableLength > 0) this.#pass(bytes.subarray(from, to))
    else this.#start(bytes.subarray(from, to), undefined)
  }

  end(): void {
    this.#ending = true
    this.#flush()
  }

  /** The turn is over: nothing is held any longer. */
  flush(): void {
    if (this.#backlog !== undefined) this.#flush()
  }

  #hold(bytes: Buffer, from: number, to: number, more: boolean): void {
    const backlog = this.#waiting()
    if (backlog.bytes === 0) this.#turnEnd.add(this)
    backlog.append(bytes, from, to, more)
    if (!more || backlog.bytes > this.#holdBytes) this.#flush()
  }

  #waiting(): Backlog {
    return (this.#backlog ??= new Backlog(this.#pool))
  }

  /** The stream still has something to write, which comes first. */
  #pass(bytes: Buffer): void {
    this.#busyBytes = bytes.length
    this.#socket.write(bytes, (error) => this.#completed(error ? -1 : 0))
  }

  /** @param slab what `bytes` are in, where it is to be given back when the write is over */
  #start(bytes: Buffer, slab: Slab | undefined): void {
    try {
      const request = this.#writes.write(this.#socket, bytes)
      if (request === undefined) {
        if (slab !== undefined) this.#pool.give(slab)
        return
      }
      this.#busyBytes = bytes.length
      this.#busySlab = slab
      request.oncomplete = this.#completed
      const { writeStatus } = request
      if (writeStatus !== null) {
        request.writeStatus = null
        this.#completed(writeStatus)
      }
    } catch (error) {
      this.#fail(error instanceof Error ? error : undefined)
    }
  }

  readonly #completed = (status: number): void => {
    if (this.#busySlab !== undefined) this.#pool.give(this.#busySlab)
    this.#busySlab = undefined
    this.#busyBytes = 0
    // The stream fails by itself where it was the stream's write, and a socket that is destroyed
    // cancels what is on its way.
    if (status < 0) this.#fail(failure('write', status))
    else {
      this.#flush()
      this.#left()
    }
  }

  /** Writes what waits, up to a write that is not over at once. */
  #flush(): void {
    while (this.#busyBytes === 0 && !this.#failed) {
      const chunk = this.#backlog?.shift()
      if (chunk === undefined) {
        this.#backlog = undefined
        if (this.#ending) this.#socket.end()
        return
      }
      if ('slab' in chunk) this.#start(chunk.slab.first(chunk.end), chunk.slab)
      else this.#start(chunk.bytes, undefined)
    }
  }

  #fail(error: Error | undefined): void {
    this.#failed = true
    this.#backlog = undefined
    this.#socket.destroy(error)
  }
}
