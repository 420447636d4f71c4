import { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import type { EndKind, Port, Sink } from './port.ts'
import { transportQueue } from './write-queue.ts'

const none = (): void => undefined

/** A port on Node's streams. Serves every Duplex: TCP, TLS and unix sockets, an HTTP/2 stream. */
export class PlainPort implements Port {
  readonly lends = false
  drained: () => void = none
  ended: (how: EndKind) => void = none
  closed: () => void = none

  readonly #socket: Duplex
  readonly #full: number
  readonly #low: number
  #writtenBytes = 0
  #receivedBytes = 0
  #corked = false
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
    socket.on('end', () => this.#leave('end'))
    socket.on('close', () => this.#gone())
    // Gone before it was ours: its events have been and will not come again.
    if (socket.destroyed) process.nextTick(() => this.#gone())
  }

  read(sink: Sink): void {
    const socket = this.#socket
    socket.on('data', (chunk: Buffer) => {
      if (this.#torn) return
      this.#receivedBytes += chunk.length
      try {
        if (!sink(chunk, 0, chunk.length)) socket.pause()
      } catch {
        // The owner learns of it as of any other end. Let through, it would end the process.
        socket.destroy()
        this.#leave('reset')
      }
    })
    socket.resume()
  }

  pause(): void {
    this.#socket.pause()
  }

  resume(): void {
    if (!this.#torn) this.#socket.resume()
  }

  write(bytes: Uint8Array, from: number, to: number): boolean {
    return this.#push(Buffer.from(bytes.subarray(from, to)))
  }

  give(bytes: Uint8Array, from: number, to: number): boolean {
    return this.#push(from === 0 && to === bytes.length ? bytes : bytes.subarray(from, to))
  }

  get writtenBytes(): number {
    return this.#writtenBytes
  }

  get queuedBytes(): number {
    return this.#socket.writableLength
  }

  get receivedBytes(): number {
    return this.#receivedBytes
  }

  get progress(): number {
    const taken = this.#writtenBytes - this.#socket.writableLength
    const transport = transportQueue(this.#socket)
    // A queue of the transport that has grown holds a new write; only one that shrinks tells of the
    // peer.
    if (taken !== this.#takenBytes || transport < this.#transportBytes) this.#progress++
    this.#takenBytes = taken
    this.#transportBytes = transport
    return this.#progress
  }

  end(): void {
    if (this.#finished || this.#socket.destroyed) return
    this.#finished = true
    this.#socket.end()
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

  #push(bytes: Uint8Array): boolean {
    const socket = this.#socket
    if (this.#finished || socket.destroyed || bytes.length === 0) return true
    if (!this.#corked) {
      // What is written in this tick leaves in one system call.
      this.#corked = true
      socket.cork()
      process.nextTick(this.#uncork)
    }
    this.#writtenBytes += bytes.length
    socket.write(bytes, this.#wrote)
    if (socket.writableLength < this.#full) return true
    this.#blocked = true
    return false
  }

  readonly #uncork = (): void => {
    this.#corked = false
    this.#socket.uncork()
  }

  // Not Node's 'drain': that waits until nothing is left, and has a mark of its own.
  readonly #wrote = (): void => {
    if (!this.#blocked || this.#torn || this.#socket.writableLength > this.#low) return
    this.#blocked = false
    this.#tell(this.drained)
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
