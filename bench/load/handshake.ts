import { setTimeout } from 'node:timers/promises'
import type { Meter } from './meter.ts'
import type { HandshakeTraffic, Target } from './plan.ts'
import { WebSocketClient } from './websocket.ts'

/** A Close with 1000, masked with zeros. */
const closeFrame = Buffer.from('88820000000003e8', 'hex')

/**
 * Clients that each open a WebSocket, close it with a close handshake, wait for the end of the
 * connection, and begin again. The latency is that from dialling to the 101.
 */
export class Handshakes {
  readonly #target: Target
  readonly #meter: Meter
  #isStopping = false
  #open = 0
  #failure: Error | undefined

  constructor(target: Target, traffic: HandshakeTraffic, meter: Meter) {
    this.#target = target
    this.#meter = meter
    for (let i = 0; i < traffic.connections; i++) this.#next()
  }

  /** @throws what went wrong on any connection */
  check(): void {
    if (this.#failure !== undefined) throw this.#failure
  }

  /** Opens no more, and waits until all are closed. */
  async stop(): Promise<void> {
    this.#isStopping = true
    while (this.#open > 0) await setTimeout(5)
    this.check()
  }

  #next(): void {
    if (this.#isStopping || this.#failure !== undefined) return
    const client = new HandshakeClient(this.#target, this.#meter)
    this.#open += 1
    client.over = (error) => {
      this.#open -= 1
      this.#failure ??= error
      this.#next()
    }
  }
}

class HandshakeClient extends WebSocketClient {
  readonly #startedMs = performance.now()
  readonly #meter: Meter
  over: (error: Error | undefined) => void = () => undefined

  constructor(target: Target, meter: Meter) {
    super(target)
    this.#meter = meter
  }

  protected opened(): void {
    this.#meter.finished(this.#startedMs, performance.now())
    this.socket.write(closeFrame)
  }

  protected bytes(): void {
    // The Close that comes back. The end behind it is what counts.
  }

  protected ended(error: Error | undefined): void {
    this.over(error ?? (this.isOpen ? undefined : new Error('the proxy ended a connection')))
  }
}
