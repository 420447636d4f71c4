import type { Socket } from 'node:net'
import type { Close } from '../websocket/close-code.ts'
import { FrameScanner } from '../websocket/scanner.ts'
import type { FrameHandler, Tally } from '../websocket/scanner.ts'
import type { FrameRules } from '../websocket/frame-header.ts'
import { Opcode } from '../websocket/opcode.ts'
import type { ControlGate } from './control-gate.ts'
import type { Side } from './ending.ts'
import type { Pace } from './flow.ts'
import { WebSocketLeg } from './leg.ts'
import { ScannedFlow } from './scanned-flow.ts'
import { SessionGates } from './session-gates.ts'
import type { SessionOptions } from './session-options.ts'
import type { Outcome, Session } from './session.ts'
import { Tunnel } from './tunnel.ts'

export interface RelayOptions extends SessionOptions {
  /** permessage-deflate was agreed end to end. */
  readonly deflate: boolean
}

/**
 * Relays frames between a client and an upstream that have both finished their handshake, until
 * both sockets are closed. The sockets are paused, hold what was unshifted, and are the relay's
 * from here on. Never rejects.
 */
export function relayWebSocket(
  session: Session,
  client: Socket,
  upstream: Socket,
  options: RelayOptions,
): Promise<Outcome> {
  const { limits, timeouts, deflate, sweep, ports } = options
  const clientLeg = new WebSocketLeg('client', ports.make(client, limits.buffer), timeouts)
  const upstreamLeg = new WebSocketLeg('upstream', ports.make(upstream, limits.buffer), timeouts)
  const gates = new SessionGates(options)
  const flow = (from: Side): FrameFlow => {
    const [source, target] = from === 'client' ? [clientLeg, upstreamLeg] : [upstreamLeg, clientLeg]
    const tally = from === 'client' ? session.received : session.sent
    const pace = { gate: gates.rate(from), wakeups: sweep.wakeups }
    const rules = { from, deflate, ...gates.message(from) }
    return new FrameFlow(source, target, gates.control(from), pace, tally, rules)
  }
  return new Tunnel(session, timeouts, sweep, flow('client'), flow('upstream')).run()
}

/** Gives on the sender's own bytes. */
class FrameFlow extends ScannedFlow implements FrameHandler {
  protected readonly scanner: FrameScanner

  constructor(
    from: WebSocketLeg,
    to: WebSocketLeg,
    control: ControlGate,
    pace: Pace,
    tally: Tally,
    rules: FrameRules,
  ) {
    super(from, to, control, pace)
    this.scanner = new FrameScanner(rules, this, tally, pace.gate)
  }

  get atBoundary(): boolean {
    return this.scanner.atBoundary
  }

  pass(bytes: Buffer, from: number, to: number, inside: boolean): void {
    if (!this.to.parted) this.forward(bytes, from, to, inside)
  }

  /** Its frame has gone out as it came. */
  override passClose(close: Close): void {
    this.to.closeSent ??= close
  }

  control(opcode: Opcode, bytes: Buffer, from: number, to: number, key: number): boolean {
    if (opcode === Opcode.pong && this.from.ownsPong(bytes, from, to, key)) return false
    this.admitControl()
    return true
  }
}
