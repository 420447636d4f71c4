import { GatewayError } from '../errors.ts'
import type { Entry } from '../roster.ts'
import { abnormalCode } from '../websocket/close-code.ts'
import type { Close } from '../websocket/close-code.ts'
import { isOrderly, stalledIn } from './ending.ts'
import type { Side } from './ending.ts'
import type { Flow, FlowEvents } from './flow.ts'
import type { Leg } from './leg.ts'
import type { EndKind } from './port/port.ts'
import type { CloseOptions, Outcome, Session } from './session.ts'
import type { Sweep, Swept } from './sweep.ts'

export interface TunnelTimeouts {
  /** No byte of a data frame in either direction. All in milliseconds, Infinity is off. */
  readonly idle: number
  readonly lifetime: number
  /** Bounds every end, whoever began it. */
  readonly closing: number
}

type Phase =
  | { readonly state: 'open' }
  /**
   * The gateway ends it and waits for boundaries: of messages until `frameAt`, then of frames until
   * `cutAt`.
   */
  | {
      readonly state: 'finishing'
      readonly error: GatewayError
      gentle: boolean
      readonly frameAt: number
      cutAt: number
    }
  /** Every Close that can be sent has been, or a peer's is on its way through. */
  | { readonly state: 'closing' }
  | { readonly state: 'closed' }

const open: Phase = { state: 'open' }

/** Why it ended: a peer's own Close, or what the gateway decided or found. The first counts. */
type Cause =
  | { readonly by: Side; readonly close: Close }
  | { readonly by: undefined; readonly error: GatewayError }

/**
 * Half of the time to close is for the message and then the frame in progress; most of that half
 * for the message.
 */
const frameShare = 3 / 8
const cutShare = 1 / 2

/**
 * The life of one session from the first byte to the last socket's close: two legs, a flow each
 * way, and the order in which they end (RFC 6455 section 7, and what it leaves to an intermediary).
 * Knows nothing of frames or bytes.
 */
export class Tunnel implements Swept, FlowEvents {
  readonly #session: Session
  readonly #timeouts: TunnelTimeouts
  readonly #sweep: Sweep
  #swept: Entry<Swept> | undefined
  readonly #legs: readonly [client: Leg, upstream: Leg]
  readonly #flows: readonly [received: Flow, sent: Flow]
  readonly #settled: Promise<Outcome>
  #resolve!: (outcome: Outcome) => void
  #phase: Phase = open
  #cause: Cause | undefined
  #deadline = Infinity
  /** What was left of it had to be cut, since the time to end was over. */
  #expired = false
  #endsAt: number
  #activity = 0
  #activeAt: number

  /** @param received from the client; `sent` to it */
  constructor(
    session: Session,
    timeouts: TunnelTimeouts,
    sweep: Sweep,
    received: Flow,
    sent: Flow,
  ) {
    this.#session = session
    this.#timeouts = timeouts
    this.#sweep = sweep
    this.#legs = [received.from, sent.from]
    this.#flows = [received, sent]
    this.#settled = new Promise((resolve) => {
      this.#resolve = resolve
    })
    this.#activeAt = performance.now()
    this.#endsAt = this.#activeAt + timeouts.lifetime - session.durationMs
  }

  /** @returns how it ended, once both sockets are closed; never rejects */
  run(): Promise<Outcome> {
    this.#swept = this.#sweep.add(this)
    for (const leg of this.#legs) {
      const flow = this.#from(leg)
      leg.port.ended = (how) => {
        const act = (): void => this.#guard(() => this.#ended(leg, how))
        if (how === 'end') flow.behindRest(act)
        else act()
      }
      leg.port.closed = () => this.#guard(() => this.#closed(leg))
      leg.port.drained = () => this.#guard(() => this.#drained(leg))
    }
    // From here on both sockets tell of their end, whatever is thrown.
    this.#guard(() => {
      for (const flow of this.#flows) flow.start(this)
      this.#session.attach((error, options) => this.#guard(() => this.fail(error, options)))
    })
    return this.#settled
  }

  /**
   * Ends it for a reason of the gateway's. A second one is not told; it can only bring the deadline
   * forward.
   */
  fail(error: GatewayError, { within = Infinity }: CloseOptions = {}): void {
    const now = performance.now()
    if (this.#phase.state !== 'open') {
      this.#deadline = Math.min(this.#deadline, now + within)
      if (this.#phase.state === 'finishing') {
        this.#phase.cutAt = Math.min(this.#phase.cutAt, now + within * cutShare)
      }
      return
    }
    this.#cause = { by: undefined, error }
    const closing = Math.min(this.#timeouts.closing, within)
    this.#deadline = now + closing
    const gentle = isOrderly(error)
    this.#phase = {
      state: 'finishing',
      error,
      gentle,
      frameAt: now + closing * frameShare,
      cutAt: now + closing * cutShare,
    }
    const stalled = stalledIn(error)
    for (const leg of this.#legs) {
      if (leg.side !== stalled) continue
      leg.cut(error)
      this.#toward(leg).stop('now')
    }
    for (const flow of this.#flows) flow.stop(gentle ? 'message' : 'frame')
    this.#progress()
  }

  closeArrived(flow: Flow, close: Close, passed: boolean): void {
    const { from } = flow
    from.closeReceived = close
    if (passed) {
      const overtakes = this.#phase.state === 'finishing' && !this.#legs.some((leg) => leg.parted)
      flow.passClose(close)
      if (this.#phase.state === 'open' || overtakes) {
        this.#cause = { by: from.side, close }
        this.#phase = { state: 'closing' }
        this.#deadline = Math.min(this.#deadline, performance.now() + this.#timeouts.closing)
      }
    }
    this.#progress()
  }

  stopped(): void {
    this.#progress()
  }

  tick(now: number): void {
    const phase = this.#phase
    if (phase.state === 'open') this.#checkClocks(now)
    else if (phase.state === 'finishing') {
      if (now >= phase.cutAt) this.#cutRest(phase.error)
      else if (now >= phase.frameAt && phase.gentle) {
        phase.gentle = false
        for (const flow of this.#flows) flow.stop('frame')
        this.#progress()
      }
    }
    // Behind the clocks, which would take what this writes for something that has waited.
    for (const flow of this.#flows) flow.tick(now)
    if (now >= this.#deadline) this.#expire()
  }

  crashed(thrown: unknown): void {
    if (this.#phase.state !== 'open') {
      this.#drop()
      return
    }
    // Its own clocks cannot be trusted any more, but the close handshake can.
    this.#guard(() => this.fail(GatewayError.from(thrown)))
  }

  destroy(): void {
    // The gateway's own time to close may be over a little before that of its sessions.
    this.#expired = this.#phase.state !== 'open'
    this.#drop()
  }

  #drop(): void {
    for (const leg of this.#legs) leg.port.destroy()
  }

  /** The flow towards a leg, and the one from it. */
  #toward(leg: Leg): Flow {
    return leg.side === 'client' ? this.#flows[1] : this.#flows[0]
  }

  #from(leg: Leg): Flow {
    return leg.side === 'client' ? this.#flows[0] : this.#flows[1]
  }

  #ended(leg: Leg, how: EndKind): void {
    leg.gone ??= how
    const flow = this.#from(leg)
    if (how === 'reset') this.#toward(leg).stop('now')
    const close = how === 'end' ? flow.sourceEnded() : undefined
    if (close !== undefined) {
      this.closeArrived(flow, close, true)
      return
    }
    if (this.#phase.state === 'open') {
      const inside = flow.atBoundary ? '' : ', inside a frame'
      const left = how === 'end' ? 'ended without a Close' : 'reset the connection'
      this.fail(new GatewayError(`${leg.side}-lost`, `the ${leg.side} ${left}${inside}`))
    } else {
      flow.stop('frame')
      this.#progress()
    }
  }

  #closed(leg: Leg): void {
    this.#from(leg).endRest()
    leg.closed = true
    leg.gone ??= 'reset'
    this.#toward(leg).stop('now')
    if (this.#legs.every(({ closed }) => closed)) this.#settle()
    else this.#progress()
  }

  #drained(leg: Leg): void {
    for (const flow of this.#flows) flow.drained(leg)
  }

  #checkClocks(now: number): void {
    const activity = this.#flows[0].activity + this.#flows[1].activity
    if (activity !== this.#activity) {
      this.#activity = activity
      this.#activeAt = now
    } else if (now - this.#activeAt >= this.#timeouts.idle) {
      this.fail(new GatewayError('idle', 'no data frame for too long'))
      return
    }
    if (now >= this.#endsAt) {
      this.fail(new GatewayError('lifetime', 'the session has reached its lifetime'))
      return
    }
    // By the clock on the wall, and not by a timer, which could not wait for the year 2100.
    const { expiresAt } = this.#session
    if (expiresAt !== Infinity && Date.now() >= expiresAt) {
      this.fail(new GatewayError('session-expired', 'its credential has expired'))
      return
    }
    for (const leg of this.#legs) {
      const state = leg.clock.check(now, this.#from(leg).paused)
      if (state === 'ping-due') {
        if (this.#toward(leg).atBoundary) leg.ping()
      } else if (state !== 'alive') {
        const detail = state === 'silent' ? 'no sign of life after a ping' : 'it takes no bytes'
        this.fail(new GatewayError(`${leg.side}-${state}`, detail))
        return
      }
    }
  }

  /** Does what the last event has made possible. May be called at any time. */
  #progress(): void {
    if (this.#phase.state === 'finishing') this.#part(this.#phase)
    for (const leg of this.#legs) this.#finish(leg)
  }

  /** Tells each leg of the gateway's error where that can be done now. */
  #part(phase: Phase & { state: 'finishing' }): void {
    const { error } = phase
    const waits = phase.gentle && !this.#flows.every((flow) => flow.stopped || flow.from.gone)
    for (const leg of this.#legs) {
      if (leg.parted || leg.gone !== undefined) continue
      const inbound = this.#toward(leg)
      if (inbound.stopped) {
        if (!waits) leg.part(error)
      } else if (inbound.from.gone !== undefined) leg.cut(error) // Inside a frame that will never end.
    }
    if (this.#legs.every((leg) => leg.parted || leg.gone !== undefined)) {
      this.#phase = { state: 'closing' }
    }
  }

  #cutRest(error: GatewayError): void {
    for (const leg of this.#legs) {
      if (leg.parted || leg.gone !== undefined) continue
      if (this.#toward(leg).atBoundary) leg.part(error)
      else {
        leg.cut(error)
        this.#expired = true
      }
    }
    for (const flow of this.#flows) flow.stop('now')
    this.#phase = { state: 'closing' }
    this.#progress()
  }

  /** Answers a Close that nobody else will answer, and ends what has nothing more to say. */
  #finish(leg: Leg): void {
    const inbound = this.#toward(leg)
    if (this.#phase.state === 'closing' && leg.closeReceived !== undefined && !leg.parted) {
      const unanswered = inbound.stopped || inbound.from.gone !== undefined || !inbound.from.answers
      if (unanswered && inbound.atBoundary) this.#answer(leg, leg.closeReceived)
      else if (unanswered) leg.cut()
      if (unanswered) inbound.stop('now')
    }
    // The server closes first (RFC 6455 section 7.1.1): that is us towards the client; the
    // upstream's FIN is waited for.
    const handshaken = leg.closeSent !== undefined && leg.closeReceived !== undefined
    const forgotten = leg.gone !== undefined && (leg.parted || leg.closeReceived === undefined)
    if ((handshaken && leg.side === 'client') || forgotten) leg.port.end()
  }

  /** Why the gateway ends it comes first: of a Close among what was discarded nobody has read the code. */
  #answer(leg: Leg, close: Close): void {
    const cause = this.#cause
    if (cause !== undefined && cause.by === undefined) leg.part(cause.error)
    else leg.sendClose(close)
  }

  /**
   * The time to close is over. A peer that waits for the answer to its Close still gets it; the
   * next look destroys it too.
   */
  #expire(): void {
    for (const leg of this.#legs) {
      const answerable = leg.closeReceived !== undefined && !leg.parted && leg.gone !== 'reset'
      if (answerable && this.#toward(leg).atBoundary) {
        this.#answer(leg, leg.closeReceived!)
        leg.port.end()
      } else leg.port.destroy()
    }
    this.#expired = true
  }

  #settle(): void {
    if (this.#phase.state === 'closed') return
    this.#phase = { state: 'closed' }
    if (this.#swept !== undefined) this.#sweep.delete(this.#swept)
    const { received, sent, durationMs } = this.#session
    const expired = this.#expired
    this.#resolve({ ...this.#verdict(), expired, durationMs, received, sent })
  }

  #verdict(): Pick<Outcome, 'closedBy' | 'code' | 'reason' | 'error'> {
    const cause = this.#cause
    if (cause?.by !== undefined) {
      return { closedBy: cause.by, ...cause.close, error: undefined }
    }
    const { code, reason } = this.#legs[0].closeSent ?? { code: abnormalCode, reason: '' }
    return { closedBy: cause?.error.fault.by ?? 'gateway', code, reason, error: cause?.error }
  }

  /** A bug in one session ends that session, and nothing else. */
  #guard(act: () => void): void {
    try {
      act()
    } catch (thrown) {
      this.#cause ??= { by: undefined, error: GatewayError.from(thrown) }
      this.#drop()
    }
  }
}
