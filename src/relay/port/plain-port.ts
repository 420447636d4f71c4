import type { Duplex } from 'node:stream'
import type { Sink } from './port.ts'
import { SocketPort } from './socket-port.ts'
import type { Outbox } from './socket-port.ts'

/** A port on Node's streams alone. Serves every Duplex: TCP, TLS and unix sockets, HTTP/2 streams. */
export class PlainPort extends SocketPort {
  readonly lends = false
  readonly readsInPieces = false
  protected readonly outbox: Outbox
  readonly #socket: Duplex

  /** Owns the socket from here on: see SocketPort. */
  constructor(socket: Duplex, bufferBytes: number) {
    super(socket, bufferBytes)
    this.#socket = socket
    this.outbox = new CorkedOutbox(socket, this.left)
  }

  read(sink: Sink): void {
    const socket = this.#socket
    socket.on('data', (chunk: Buffer) => {
      if (this.torn) return
      this.receivedBytes += chunk.length
      try {
        if (!sink(chunk, 0, chunk.length)) socket.pause()
      } catch {
        this.fail()
      }
    })
    socket.resume()
  }

  pause(): void {
    this.#socket.pause()
  }

  resume(): void {
    if (!this.torn) this.#socket.resume()
  }
}

/** What is written in one tick leaves in one system call. */
class CorkedOutbox implements Outbox {
  readonly #socket: Duplex
  readonly #left: () => void
  #corked = false

  constructor(socket: Duplex, left: () => void) {
    this.#socket = socket
    this.#left = left
  }

  get queuedBytes(): number {
    return this.#socket.writableLength
  }

  write(bytes: Buffer, from: number, to: number): void {
    this.#push(Buffer.from(bytes.subarray(from, to)))
  }

  give(bytes: Buffer, from: number, to: number): void {
    this.#push(from === 0 && to === bytes.length ? bytes : bytes.subarray(from, to))
  }

  end(): void {
    this.#socket.end()
  }

  #push(bytes: Uint8Array): void {
    const socket = this.#socket
    if (socket.destroyed) return
    if (!this.#corked) {
      this.#corked = true
      socket.cork()
      process.nextTick(this.#uncork)
    }
    socket.write(bytes, this.#left)
  }

  readonly #uncork = (): void => {
    this.#corked = false
    this.#socket.uncork()
  }
}
