import type { Socket } from 'node:net'
import { TLSSocket } from 'node:tls'
import type { BufferPool } from './buffer-pool.ts'
import { HandleOutbox } from './handle-outbox.ts'
import { PooledOutbox } from './pooled-outbox.ts'
import type { Sink } from './port.ts'
import { resumeReading } from './socket-internals.ts'
import type { HandleWrites, ReadTakeover } from './socket-internals.ts'
import { SocketPort } from './socket-port.ts'
import type { Outbox } from './socket-port.ts'
import type { Holder, TurnEnd } from './turn-end.ts'

/** What adopted ports have in common: all of a gateway's, since nothing of it is theirs for longer than a call. */
export interface FastPath {
  readonly reads: ReadTakeover
  /** Undefined where writes go through the stream. */
  readonly writes: HandleWrites | undefined
  readonly pool: BufferPool
  readonly turnEnd: TurnEnd
  /** Every read goes here, behind room for what the sink puts before it. */
  readonly readBuffer: Buffer
  readonly readAt: number
}

/**
 * A port on a socket whose reads go into one buffer shared by all, and whose writes come from
 * pooled ones: no allocation for a read or a write.
 */
export class AdoptedPort extends SocketPort implements Holder {
  readonly lends = true
  readonly readsInPieces: boolean
  protected readonly outbox: Outbox
  readonly #socket: Socket
  readonly #path: FastPath
  /** Set once reading has begun. */
  #sink: Sink | undefined
  #paused = false

  /** Owns the socket from here on: see SocketPort. @param socket one that `path.reads` fits */
  constructor(socket: Socket, bufferBytes: number, path: FastPath) {
    super(socket, bufferBytes)
    this.#socket = socket
    this.#path = path
    this.readsInPieces = socket instanceof TLSSocket
    const { writes, pool, turnEnd } = path
    this.outbox =
      writes?.fits(socket) === true
        ? new HandleOutbox(socket, bufferBytes, { writes, pool, turnEnd }, this.left)
        : new PooledOutbox(socket, pool, this.left)
  }

  read(sink: Sink): void {
    const socket = this.#socket
    if (socket.destroyed) return
    const { reads, readBuffer, readAt } = this.#path
    let early: Buffer | undefined
    // Asked for first, so that it comes before an 'end' that the stream has in store. A pause does
    // not keep back what has been read.
    process.nextTick(() => {
      this.#sink = sink
      if (early !== undefined) this.#hand(early, 0, early.length)
      // The stream has to flow to tell of its end; what it reads is ours to start and stop.
      socket.resume()
    })
    early = reads.begin(socket, readBuffer.subarray(readAt), this.#arrived)
  }

  pause(): void {
    this.#paused = true
  }

  resume(): void {
    this.#paused = false
    if (this.#sink !== undefined && !this.torn) resumeReading(this.#socket)
  }

  readonly #arrived = (count: number): boolean => {
    const { readBuffer, readAt } = this.#path
    const again = this.#paused
    this.#hand(readBuffer, readAt, readAt + count)
    if (this.#paused && !again) this.#path.turnEnd.add(this)
    return !this.#paused
  }

  /**
   * One more read may come in a pause that outlives its turn. Without it nothing would tell of a
   * reset: a peer that is gone would be kept for as long as the pause lasts.
   */
  flush(): void {
    if (this.#paused && !this.torn) resumeReading(this.#socket)
  }

  #hand(bytes: Buffer, from: number, to: number): void {
    if (this.torn) return
    this.receivedBytes += to - from
    try {
      if (!this.#sink!(bytes, from, to)) this.#paused = true
    } catch {
      this.fail()
    }
  }
}
