import { once } from 'node:events'
import { connect, createServer } from 'node:net'
import type { AddressInfo, Server, Socket } from 'node:net'

/**
 * A wire that can be listened to and torn off: forwards TCP to a port. What TLS does below its own
 * end cannot be seen or forced from either end (Node says goodbye before it resets).
 */
export class Tap {
  readonly #server: Server
  readonly #towards: Socket[] = []
  readonly #near: Socket[] = []
  readonly #answers: Buffer[] = []

  private constructor(port: number) {
    this.#server = createServer({ allowHalfOpen: true, noDelay: true }, (near) => {
      const far = connect({ port, host: '127.0.0.1', allowHalfOpen: true, noDelay: true })
      far.on('data', (chunk: Buffer) => this.#answers.push(chunk))
      for (const socket of [near, far]) socket.on('error', () => undefined)
      far.pipe(near).pipe(far)
      this.#towards.push(far)
      this.#near.push(near)
    })
  }

  static async open(port: number): Promise<Tap> {
    const tap = new Tap(port)
    tap.#server.listen(0, '127.0.0.1')
    await once(tap.#server, 'listening')
    return tap
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port
  }

  /** The bytes that came from behind, as they were on the wire. */
  get answers(): Buffer {
    return Buffer.concat(this.#answers)
  }

  /** Resets the connections towards the port. */
  reset(): void {
    for (const socket of this.#towards) socket.resetAndDestroy()
  }

  /** The same, in the moment in which the next bytes are sent there. */
  resetBehindNext(): void {
    for (const socket of this.#near) socket.once('data', () => this.reset())
  }

  close(): void {
    this.#server.close()
    for (const socket of [...this.#towards, ...this.#near]) socket.destroy()
  }
}
