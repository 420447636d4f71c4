import type { Socket } from 'node:net'

/**
 * Holds what a client sends behind its upgrade request while the upstream is dialled. The socket
 * has to be read in that time: a paused one shows neither FIN nor reset, and a client that left
 * must end the dial.
 */
export class EarlyBytes {
  readonly #socket: Socket
  readonly #limit: number
  readonly #chunks: Buffer[] = []
  #held = 0
  #state: 'holding' | 'released' | 'discarding' = 'holding'

  /**
   * @param head bytes that came in one read with the request
   * @param limit bytes held before reading pauses (`limits.buffer`)
   */
  constructor(socket: Socket, head: Buffer, limit: number) {
    this.#socket = socket
    this.#limit = limit
    socket.on('data', this.#take)
    if (head.length > 0) this.#take(head)
    else socket.resume()
  }

  /**
   * Puts everything back in front of what is still unread, and leaves the socket paused, with no
   * listener of ours.
   */
  release(): void {
    if (this.#state !== 'holding') return
    this.#state = 'released'
    this.#socket.off('data', this.#take).pause()
    if (this.#held > 0) this.#socket.unshift(Buffer.concat(this.#chunks))
    this.#chunks.length = 0
  }

  /** The answer is not a 101: what was held and what still comes is dropped. */
  discard(): void {
    if (this.#state !== 'holding') return
    this.#state = 'discarding'
    this.#chunks.length = 0
    this.#socket.off('data', this.#take).resume()
  }

  readonly #take = (chunk: Buffer): void => {
    this.#chunks.push(chunk)
    this.#held += chunk.length
    if (this.#held >= this.#limit) this.#socket.pause()
  }
}
