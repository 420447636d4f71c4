import type { Socket } from 'node:net'
import { transportQueue } from './transport-queue.ts'

/** How often it is looked whether a peer has taken something. */
const lookMs = 500

/**
 * How long bytes have waited for a peer that takes none of them, as `timeouts.stall` of plain HTTP
 * has it; sessions have the sweep. It has a timer only between `start` and `stop`: while something
 * waits to be taken.
 *
 * The socket's own clock (`setTimeout`) looks at its end only: of a write of which the kernel took a
 * part at once it finds that something has moved, and begins anew, so that nearly every stall took
 * twice its time. It begins anew with every byte that the peer sends, too.
 */
export class StallClock {
  readonly #socket: Socket
  readonly #stallMs: number
  readonly #stalled: () => void
  readonly #everyMs: number
  #timer: NodeJS.Timeout | undefined
  #quietMs = 0
  #taken = 0

  /** @param stalled called once in `stallMs`, or up to two looks later; Infinity: never */
  constructor(socket: Socket, stallMs: number, stalled: () => void) {
    this.#socket = socket
    this.#stallMs = stallMs
    this.#stalled = stalled
    this.#everyMs = Math.min(lookMs, stallMs)
  }

  /** Bytes wait from now on. */
  start(): void {
    if (this.#stallMs === Infinity || this.#timer !== undefined) return
    this.#quietMs = 0
    this.#taken = taken(this.#socket)
    // The socket keeps the process alive, its clock does not.
    this.#timer = setTimeout(this.#look, this.#everyMs).unref()
  }

  stop(): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
  }

  /**
   * Looks are counted, not time: a process that was busy has not looked, and nobody has stalled for
   * it.
   */
  readonly #look = (): void => {
    const now = taken(this.#socket)
    this.#quietMs = now > this.#taken ? 0 : this.#quietMs + this.#everyMs
    this.#taken = now
    if (this.#quietMs < this.#stallMs) {
      this.#timer?.refresh()
      return
    }
    this.stop()
    this.#stalled()
  }
}

/**
 * What the peer's side has taken of all that was written, in bytes. A new write may take from it
 * what the kernel has no room for; only the kernel adds to it.
 */
function taken(socket: Socket): number {
  return socket.bytesWritten - socket.writableLength - transportQueue(socket)
}
