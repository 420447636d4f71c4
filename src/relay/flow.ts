import { GatewayError } from '../errors.ts'
import type { Close } from '../websocket/close-code.ts'
import type { StopAt } from '../websocket/scanner.ts'
import type { Leg } from './leg.ts'
import type { RateGate } from './rate-gate.ts'
import type { Sleeper, Wakeups } from './wakeups.ts'

/** Why a sender is paused. Bits, because it may be for several reasons. */
export const Hold = { targetFull: 1, throttled: 2, ownQueueFull: 4, overRate: 8 } as const
export type Hold = (typeof Hold)[keyof typeof Hold]

/** Whom a flow tells what it has seen. */
export interface FlowEvents {
  fail(error: GatewayError): void
  /** What it did by itself, and not in a call of its port's, has thrown. */
  crashed(thrown: unknown): void
  /** A Close has come: one that is to be `passed` on, or one among what is discarded. */
  closeArrived(flow: Flow, close: Close, passed: boolean): void
  /** Nothing more is given on. */
  stopped(flow: Flow): void
}

/** The rates of one direction, where they are limited. */
export interface Pace {
  readonly gate: RateGate | undefined
  readonly wakeups: Wakeups
}

/** What goes from one peer to the other. */
export abstract class Flow implements Sleeper {
  readonly from: Leg
  readonly to: Leg
  protected readonly gate: RateGate | undefined
  readonly #wakeups: Wakeups
  #holds = 0
  /**
   * What came with the last bytes that the rates allowed, and what came after a pause: a read of the
   * port or two, as good as always.
   */
  #rest: Buffer | undefined
  /** Happens behind the rest. */
  #afterRest: (() => void) | undefined
  #events: FlowEvents | undefined

  constructor(from: Leg, to: Leg, { gate, wakeups }: Pace) {
    this.from = from
    this.to = to
    this.gate = gate
    this.#wakeups = wakeups
  }

  /** Towards `to` a frame of our own may be written. */
  abstract readonly atBoundary: boolean
  /** Nothing is given on any more; what comes is discarded. */
  abstract readonly stopped: boolean
  /** Changes with every byte of a data frame. */
  abstract readonly activity: number
  protected abstract stopAt(at: StopAt): void
  /**
   * @returns up to where: less than `to` where a rate is used up, and the rest is handed in again
   */
  protected abstract take(bytes: Buffer, from: number, to: number): number

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
    if (this.#holds === 0) this.#goOn()
  }

  /** The queue towards `leg` has room again. */
  drained(leg: Leg): void {
    this.release(leg === this.to ? Hold.targetFull : Hold.ownQueueFull)
  }

  /**
   * The end of a stream is told of although it is paused: it must not overtake what is held back.
   * @param act is called once nothing is, at once where nothing was
   */
  behindRest(act: () => void): void {
    if (this.#rest === undefined) act()
    else this.#afterRest = act
  }

  /**
   * What waits behind the rest happens: it has been taken, or nobody is there any more whose it
   * would be.
   */
  endRest(): void {
    const act = this.#afterRest
    this.#afterRest = undefined
    act?.()
  }

  /**
   * `from` has ended its stream in order. @returns the Close that this amounts to, where it does
   */
  sourceEnded(): Close | undefined {
    return undefined
  }

  /** Makes the Close of `from` known to `to`. */
  passClose(close: Close): void {
    this.to.sendClose(close)
  }

  tick(_now: number): void {}

  /**
   * Goes on with what the rates have held back, once they allow it and nothing else is in the way.
   */
  wake(now: number): boolean {
    if (this.#holds === Hold.overRate && this.gate?.ready(now) === true) this.release(Hold.overRate)
    return (this.#holds & Hold.overRate) === 0
  }

  crashed(thrown: unknown): void {
    this.events.crashed(thrown)
  }

  // One closure a flow, not one a chunk.
  readonly #sink = (bytes: Buffer, from: number, to: number): boolean => {
    const { lends } = this.from.port
    if (this.#holds === 0 && this.#rest === undefined) this.#feed(bytes, from, to, lends)
    else this.#keep(bytes, from, to, lends)
    return this.#holds === 0
  }

  /** @param lent as of a port: `bytes` are ours for this call only */
  #feed(bytes: Buffer, from: number, to: number, lent: boolean): void {
    const { gate } = this
    gate?.refresh(performance.now())
    let taken = to
    try {
      taken = this.take(bytes, from, to)
    } catch (thrown) {
      this.events.fail(GatewayError.from(thrown))
    }
    if (gate?.violation !== undefined) this.events.fail(gate.violation)
    if (this.stopped) this.#letGo()
    else if (taken < to) this.#wait(bytes, taken, to, lent)
  }

  #wait(bytes: Buffer, from: number, to: number, lent: boolean): void {
    this.#keep(bytes, from, to, lent)
    this.hold(Hold.overRate)
    this.#wakeups.add(this)
  }

  #keep(bytes: Buffer, from: number, to: number, lent: boolean): void {
    const more = bytes.subarray(from, to)
    if (this.#rest !== undefined) this.#rest = Buffer.concat([this.#rest, more])
    else this.#rest = lent ? Buffer.from(more) : more
  }

  /** Nothing holds the sender any more: first comes what it has sent meanwhile. */
  #goOn(): void {
    const rest = this.#rest
    this.#rest = undefined
    // A slow rate takes it in a hundred small steps, each of which would copy all that is left.
    if (rest !== undefined) this.#feed(rest, 0, rest.length, false)
    if (this.#holds !== 0) return
    this.endRest()
    this.from.port.resume()
  }

  /** What is only discarded needs no back-pressure, and a Close behind it would not be seen. */
  #letGo(): void {
    if (this.#holds === 0) return
    this.#holds = 0
    // Not within this call: what the rest tells of is for whoever stops us to hear afterwards.
    if (this.#rest === undefined) this.from.port.resume()
    else process.nextTick(() => this.#discardRest())
  }

  #discardRest(): void {
    try {
      this.#goOn()
    } catch (thrown) {
      this.crashed(thrown)
    }
  }
}
