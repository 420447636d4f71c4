import { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { wasReset } from '../../reset.ts'
import type { EndKind, Port, Sink } from './port.ts'
import { transportQueue } from '../../transport-queue.ts'

/** What is on its way out of a socket. */
export interface Outbox {
  /** Bytes that wait for the other end: what is held for the turn alone is none of them. */
  readonly queuedBytes: number
  /** Takes a copy, or writes at once; where there is to be `more`, in this turn of the event loop. */
  write(bytes: Buffer, from: number, to: number, more: boolean): void
  /** As `write`, of bytes that nobody changes any more. */
  give(bytes: Buffer, from: number, to: number): void
  /** Flushes, then FIN. */
  end(): void
}

const none = (): void => undefined

/** What all ports share: how they end, and how much may wait to be written. */
export abstract class SocketPort implements Port {
  abstract readonly lends: boolean
  abstract readonly readsInPieces: boolean
  drained: () => void = none
  ended: (how: EndKind) => void = none
  closed: () => void = none
  receivedBytes = 0

  readonly #socket: Duplex
  readonly #full: number
  readonly #low: number
  #writtenBytes = 0
  /** `write` has returned false and `drained` has not been called since. */
  #blocked = false
  /** We have said that nothing more will be written. */
  #finished = false
  /**
   * Nothing is told any more but `closed`: the end has been told of, or we tore the socket down
   * ourselves.
   */
  #endTold = false
  #torn = false
  #closedTold = false
  #progress = 0
  /** As they were when `progress` was last asked for. */
  #waitingBytes = 0
  #takenBytes = 0
  #transportBytes = 0

  /**
   * Owns the socket from here on. It is paused; bytes that were unshifted are read first.
   * @param bufferBytes how many bytes may wait before `write` asks for a pause
   */
  constructor(socket: Duplex, bufferBytes: number) {
    this.#socket = socket
    this.#full = bufferBytes
    this.#low = bufferBytes === Infinity ? 0 : Math.floor(bufferBytes / 4)
    // Otherwise Node answers a FIN with a FIN, and what is still to be written is lost.
    socket.allowHalfOpen = true
    socket.on('error', () => this.#leave('reset'))
    socket.on('end', () => {
      if (wasReset(socket)) this.fail()
      else this.#leave('end')
    })
    socket.on('close', () => this.#gone())
    // Gone before it was ours: its events have been and will not come again.
    if (socket.destroyed) process.nextTick(() => this.#gone())
  }

  protected abstract readonly outbox: Outbox
  abstract read(sink: Sink): void
  abstract pause(): void
  abstract resume(): void

  write(bytes: Buffer, from: number, to: number, more = false): boolean {
    if (this.#finished || this.#torn || from === to) return true
    this.#writtenBytes += to - from
    this.outbox.write(bytes, from, to, more)
    return this.#hasRoom()
  }

  give(bytes: Buffer, from: number, to: number): boolean {
    if (this.#finished || this.#torn || from === to) return true
    this.#writtenBytes += to - from
    this.outbox.give(bytes, from, to)
    return this.#hasRoom()
  }

  get writtenBytes(): number {
    return this.#writtenBytes
  }

  get queuedBytes(): number {
    return this.outbox.queuedBytes
  }

  get progress(): number {
    const queued = this.outbox.queuedBytes
    const taken = this.#writtenBytes - queued
    const transport = transportQueue(this.#socket)
    // What never waited tells of the kernel alone, which takes bytes for a peer that has vanished
    // too. The queue is in order: the first to go are those that waited at the last look. A queue of
    // the transport that has grown holds a new write; only one that shrinks tells of the peer.
    const waitedWent = this.#waitingBytes > 0 && taken !== this.#takenBytes
    if (waitedWent || transport < this.#transportBytes) this.#progress++
    this.#waitingBytes = queued
    this.#takenBytes = taken
    this.#transportBytes = transport
    return this.#progress
  }

  end(): void {
    if (this.#finished || this.#socket.destroyed) return
    this.#finished = true
    this.outbox.end()
  }

  destroy(): void {
    this.#torn = true
    this.#socket.destroy()
  }

  reset(): void {
    this.#torn = true
    const socket = this.#socket
    try {
      if (socket instanceof Socket) socket.resetAndDestroy()
    } catch {
      // Only TCP has a reset; TLS and unix sockets throw.
    }
    if (!socket.destroyed) socket.destroy()
  }

  /** Nothing more is to be told of what is read. */
  protected get torn(): boolean {
    return this.#torn
  }

  /**
   * It is over at once, as after a reset: a sink has thrown, or what we do for one, which would
   * end the process were it let through.
   */
  protected fail(): void {
    // The owner learns of it as of any other end.
    this.#socket.destroy()
    this.#leave('reset')
  }

  // Not Node's 'drain': that waits until nothing is left, and has a mark of its own.
  /** The outbox holds less than before. */
  protected readonly left = (): void => {
    if (!this.#blocked || this.#torn || this.outbox.queuedBytes > this.#low) return
    this.#blocked = false
    this.#tell(this.drained)
  }

  #hasRoom(): boolean {
    if (this.outbox.queuedBytes < this.#full) return true
    this.#blocked = true
    return false
  }

  #leave(how: EndKind): void {
    if (this.#endTold || this.#torn) return
    this.#endTold = true
    this.#tell(() => this.ended(how))
  }

  #gone(): void {
    if (this.#closedTold) return
    this.#leave('reset')
    this.#closedTold = true
    this.#tell(this.closed)
  }

  #tell(callback: () => void): void {
    try {
      callback()
    } catch {
      // As for the sink: a bug in one session must not end the process.
      this.#socket.destroy()
    }
  }
}
