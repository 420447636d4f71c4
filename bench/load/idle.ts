import { setTimeout } from 'node:timers/promises'
import type { Target } from './plan.ts'
import { WebSocketClient } from './websocket.ts'

/** Handshakes under way at once: fewer than any listener's backlog. */
const batch = 50

/** WebSockets that are open and silent, but for the answers to pings. */
export class Idle {
  readonly #clients: IdleClient[] = []
  #failure: Error | undefined

  /** Opens more, until there are `connections` of them. */
  async openTo(target: Target, connections: number): Promise<void> {
    while (this.#clients.length < connections) {
      const count = Math.min(batch, connections - this.#clients.length)
      const opening = Array.from(
        { length: count },
        () => new IdleClient(target, (error) => (this.#failure ??= error)),
      )
      this.#clients.push(...opening)
      while (!opening.every((client) => client.isOpen)) {
        this.check()
        await setTimeout(2)
      }
    }
  }

  /** @throws what went wrong on any connection */
  check(): void {
    if (this.#failure !== undefined) throw this.#failure
  }
}

class IdleClient extends WebSocketClient {
  readonly #fail: (error: Error) => void

  constructor(target: Target, fail: (error: Error) => void) {
    super(target)
    this.#fail = fail
  }

  protected opened(): void {
    // Nothing: it is idle.
  }

  protected bytes(bytes: Buffer, from: number, to: number): void {
    // A ping comes alone, in one read, on a connection where nothing else happens.
    if (bytes[from] === 0x89 && to - from === 2 + bytes[from + 1]!) {
      const header = Buffer.from([0x8a, 0x80 | bytes[from + 1]!, 0, 0, 0, 0])
      this.socket.write(Buffer.concat([header, bytes.subarray(from + 2, to)]))
    } else this.socket.destroy(new Error('unexpected bytes on an idle connection'))
  }

  protected ended(error: Error | undefined): void {
    this.#fail(error ?? new Error('the proxy ended an idle connection'))
  }
}
