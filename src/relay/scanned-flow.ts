import { GatewayError } from '../errors.ts'
import { noCode } from '../websocket/close-code.ts'
import { violation } from '../websocket/frame-header.ts'
import type { FrameScanner, StopAt } from '../websocket/scanner.ts'
import type { ControlGate } from './control-gate.ts'
import { Flow, Hold } from './flow.ts'
import type { Pace } from './flow.ts'
import type { Leg, WebSocketLeg } from './leg.ts'

/** A flow whose sender speaks WebSocket. */
export abstract class ScannedFlow extends Flow {
  declare readonly from: WebSocketLeg
  protected abstract readonly scanner: FrameScanner
  readonly #control: ControlGate
  #closeTold = false
  #stopTold = false

  constructor(from: WebSocketLeg, to: Leg, control: ControlGate, pace: Pace) {
    super(from, to, pace)
    this.#control = control
  }

  get stopped(): boolean {
    return this.scanner.stopped
  }

  get activity(): number {
    return this.scanner.activity
  }

  override tick(now: number): void {
    if (this.paused && this.#control.recovers(now)) this.release(Hold.throttled)
  }

  /** @throws {GatewayError} `rate-exceeded`, `upstream-invalid` */
  protected admitControl(): void {
    const admission = this.#control.admit(performance.now())
    if (admission === 'late') this.hold(Hold.throttled)
    if (admission !== 'refuse') return
    throw violation(this.from.side, 'rate-exceeded', 1008, 'control frames over the limit')
  }

  /** @param inside they end inside a frame, the rest of which may come in the same turn */
  protected forward(bytes: Buffer, from: number, to: number, inside: boolean): void {
    const { port } = this.to
    const { lends, readsInPieces } = this.from.port
    const room = lends
      ? port.write(bytes, from, to, inside && readsInPieces)
      : port.give(bytes, from, to)
    if (!room) this.hold(Hold.targetFull)
  }

  protected stopAt(at: StopAt): void {
    this.scanner.stop(at)
  }

  protected take(bytes: Buffer, from: number, to: number): number {
    let taken = to
    try {
      taken = this.scanner.scan(bytes, from, to)
      this.scanned(bytes)
    } catch (thrown) {
      // What came before a violation still goes out, and before the Close that tells of it.
      this.scanned(bytes)
      this.events.fail(GatewayError.from(thrown))
    }
    const { close, closeSeen, stopped } = this.scanner
    if (closeSeen && !this.#closeTold) {
      this.#closeTold = true
      this.#stopTold = true
      this.events.closeArrived(this, close ?? { code: noCode, reason: '' }, close !== undefined)
    } else if (stopped && !this.#stopTold) {
      this.#stopTold = true
      this.events.stopped(this)
    }
    return taken
  }

  /** The scan of `bytes` is over: what was taken out of it may be sent. */
  protected scanned(_bytes: Buffer): void {}
}
