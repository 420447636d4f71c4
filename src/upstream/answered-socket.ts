import type { Socket } from 'node:net'
import { Duplex } from 'node:stream'
import { wasReset } from '../reset.ts'

/**
 * A socket on which the request has been written already, as Node's client takes it: what the client
 * writes goes nowhere, and what it reads begins with what has been read before.
 */
export class AnsweredSocket extends Duplex {
  readonly #socket: Socket
  #ended = false
  #released = false

  /** @param had the begin of the answer. The socket is paused, and read only as far as is asked for */
  constructor(socket: Socket, had: Buffer) {
    super({ allowHalfOpen: true })
    this.#socket = socket
    socket.on('data', this.#take).on('end', this.#end).on('close', this.#close)
    this.push(had)
  }

  override _read(): void {
    // What is taken out at the end asks for more, which would then flow past whoever gets the socket.
    if (!this.#released) this.#socket.resume()
  }

  override _write(_chunk: unknown, _encoding: unknown, callback: () => void): void {
    callback()
  }

  override _destroy(error: Error | null, callback: (error?: Error | null) => void): void {
    this.#socket.destroy()
    callback(error)
  }

  /**
   * Gives the socket back, paused and with no listener of ours.
   * @returns what was read of it and has not been taken
   */
  release(): Buffer[] {
    this.#released = true
    this.#socket.off('data', this.#take).off('end', this.#end).off('close', this.#close)
    this.#socket.pause()
    const rest: Buffer[] = []
    for (let chunk: unknown = this.read(); chunk instanceof Buffer; chunk = this.read()) {
      rest.push(chunk)
    }
    return rest
  }

  readonly #take = (chunk: Buffer): void => {
    if (!this.push(chunk)) this.#socket.pause()
  }

  readonly #end = (): void => {
    if (wasReset(this.#socket)) {
      this.destroy()
      return
    }
    this.#ended = true
    this.push(null)
  }

  readonly #close = (): void => {
    // What came before the end may still have to be read. Without the socket's error: given one,
    // Node's client takes a body that only the end of the connection ends for whole.
    if (!this.#ended) this.destroy()
  }
}
