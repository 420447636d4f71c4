import { setTimeout } from 'node:timers/promises'
import { AnswerReader } from './answer-reader.ts'
import { MessageRing } from './message-ring.ts'
import type { Meter } from './meter.ts'
import type { EchoTraffic, Target } from './plan.ts'
import { WebSocketClient } from './websocket.ts'

/** Clients that keep `window` messages of each connection under way and check every answer. */
export class Echo {
  readonly #clients: EchoClient[] = []
  #failure: Error | undefined

  /** Resolves when all connections are open; their messages are under way then. */
  async open(target: Target, traffic: EchoTraffic, meter: Meter): Promise<void> {
    const ring = new MessageRing(traffic.payloadBytes, traffic.window)
    const fail = (error: Error): void => void (this.#failure ??= error)
    for (let i = 0; i < traffic.connections; i++) {
      this.#clients.push(new EchoClient(target, ring, traffic.window, meter, fail))
    }
    while (!this.#clients.every((client) => client.isOpen)) {
      this.check()
      await setTimeout(5)
    }
  }

  /** @throws what went wrong on any connection */
  check(): void {
    if (this.#failure !== undefined) throw this.#failure
  }

  /** Sends no more, and waits for all that is under way. */
  async stop(): Promise<void> {
    for (const client of this.#clients) client.isStopping = true
    while (!this.#clients.every((client) => client.isIdle)) {
      this.check()
      await setTimeout(5)
    }
    this.check()
  }
}

class EchoClient extends WebSocketClient {
  isStopping = false
  readonly #ring: MessageRing
  readonly #reader: AnswerReader
  readonly #meter: Meter
  readonly #fail: (error: Error) => void
  /** When each message under way was sent. */
  readonly #sentMs: Float64Array
  #sent = 0
  #received = 0

  constructor(
    target: Target,
    ring: MessageRing,
    window: number,
    meter: Meter,
    fail: (error: Error) => void,
  ) {
    super(target)
    this.#ring = ring
    this.#reader = new AnswerReader(ring)
    this.#meter = meter
    this.#fail = fail
    this.#sentMs = new Float64Array(window)
  }

  get isIdle(): boolean {
    return this.#sent === this.#received
  }

  protected opened(): void {
    this.#send(this.#sentMs.length, performance.now())
  }

  protected bytes(bytes: Buffer, from: number, to: number): void {
    let complete: number
    try {
      complete = this.#reader.read(bytes, from, to)
    } catch (error) {
      this.socket.destroy(error as Error)
      return
    }
    if (complete === 0) return
    const now = performance.now()
    for (let i = 0; i < complete; i++) {
      this.#meter.finished(this.#sentMs[this.#received++ % this.#sentMs.length]!, now)
    }
    if (!this.isStopping) this.#send(complete, now)
  }

  protected ended(error: Error | undefined): void {
    this.#fail(error ?? new Error('the proxy ended a connection'))
  }

  #send(count: number, now: number): void {
    this.send(this.#ring.run(this.#sent, count))
    for (let i = 0; i < count; i++) this.#sentMs[this.#sent++ % this.#sentMs.length] = now
  }
}
