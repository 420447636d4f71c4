import { GatewayError } from '../errors.ts'
import type { Close } from '../websocket/close-code.ts'
import type { StopAt } from '../websocket/scanner.ts'
import type { Leg } from './leg.ts'

/** Why a sender is paused. Bits, because it may be for several reasons. */
export const Hold = { targetFull: 1, throttled: 2, ownQueueFull: 4 } as const
export type Hold = (typeof Hold)[keyof typeof Hold]

/** Whom a flow tells what it has seen. */
export interface FlowEvents {
  fail(error: GatewayError): void
  /** A Close has come: one that is to be `passed` on, or one among what is discarded. */
  closeArrived(flow: Flow, close: Close, passed: boolean): void
  /** Nothing more is given on. */
  stopped(flow: Flow): void
}

/** What goes from one peer to the other. */
export abstract class Flow {
  readonly from: Leg
  readonly to: Leg
  #holds = 0
  #events: FlowEvents | undefined

  constructor(from: Leg, to: Leg) {
    this.from = from
    this.to = to
  }

  /** Towards `to` a frame of our own may be written. */
  abstract readonly atBoundary: boolean
  /** Nothing is given on any more; what comes is discarded. */
  abstract readonly stopped: boolean
  /** Changes with every byte of a data frame. */
  abstract readonly activity: number
  protected abstract stopAt(at: StopAt): void
  protected abstract take(bytes: Buffer, from: number, to: number): void

  get paused(): boolean {
    return this.#holds !== 0
  }

  protected get events(): FlowEvents {
    return this.#events!
  }

  start(events: FlowEvents): void {
    this.#events = events
    this.from.port.read(this.#sink)
  }

  /** Gives on nothing beyond the next such place. */
  stop(at: StopAt): void {
    this.stopAt(at)
    if (this.stopped) this.#letGo()
  }

  hold(reason: Hold): void {
    if (this.stopped) return
    if (this.#holds === 0) this.from.port.pause()
    this.#holds |= reason
  }

  release(reason: Hold): void {
    if ((this.#holds & reason) === 0) return
    this.#holds &= ~reason
    if (this.#holds === 0) this.from.port.resume()
  }

  /** The queue towards `leg` has room again. */
  drained(leg: Leg): void {
    this.release(leg === this.to ? Hold.targetFull : Hold.ownQueueFull)
  }

  /** `from` has ended its stream in order. @returns the Close that this amounts to, where it does */
  sourceEnded(): Close | undefined {
    return undefined
  }

  /** Makes the Close of `from` known to `to`. */
  passClose(close: Close): void {
    this.to.sendClose(close)
  }

  tick(_now: number): void {}

  // One closure a flow, not one a chunk.
  readonly #sink = (bytes: Buffer, from: number, to: number): boolean => {
    try {
      this.take(bytes, from, to)
    } catch (thrown) {
      this.events.fail(GatewayError.from(thrown))
    }
    if (this.stopped) this.#letGo()
    return this.#holds === 0
  }

  /** What is only discarded needs no back-pressure, and a Close behind it would not be seen. */
  #letGo(): void {
    if (this.#holds === 0) return
    this.#holds = 0
    this.from.port.resume()
  }
}
