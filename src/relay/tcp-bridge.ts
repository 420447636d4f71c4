import type { Socket } from 'node:net'
import { GatewayError } from '../errors.ts'
import type { Close } from '../websocket/close-code.ts'
import { dataHeader, encodeControl, putDataHeader } from '../websocket/encode.ts'
import { applyMask } from '../websocket/mask.ts'
import type { ApplyMask } from '../websocket/mask.ts'
import { Opcode } from '../websocket/opcode.ts'
import type { FrameRules } from '../websocket/frame-header.ts'
import { FrameScanner } from '../websocket/scanner.ts'
import type { MessageHandler, StopAt, Tally } from '../websocket/scanner.ts'
import { Utf8Repair, Utf8Validator } from '../websocket/utf8.ts'
import type { ControlGate } from './control-gate.ts'
import type { Side } from './ending.ts'
import { Flow, Hold } from './flow.ts'
import type { Pace } from './flow.ts'
import { BackendLeg, WebSocketLeg } from './leg.ts'
import { ScannedFlow } from './scanned-flow.ts'
import type { RateGate } from './rate-gate.ts'
import { SessionGates } from './session-gates.ts'
import type { SessionOptions } from './session-options.ts'
import type { Outcome, Session } from './session.ts'
import { Tunnel } from './tunnel.ts'

export interface BridgeOptions extends SessionOptions {
  /**
   * `binary` refuses text messages; `text` takes both kinds, and sends the backend's bytes as text.
   */
  readonly messages: 'binary' | 'text'
}

/**
 * Bridges a client's messages to a backend's bytes until both sockets are closed. Towards the
 * client the gateway is the WebSocket's other end: it answers its Pings and its Close. The sockets
 * are paused, hold what was unshifted, and are the bridge's from here on. Never rejects.
 */
export function bridgeTcp(
  session: Session,
  client: Socket,
  backend: Socket,
  options: BridgeOptions,
): Promise<Outcome> {
  const { limits, timeouts, messages, sweep, ports } = options
  const clientLeg = new WebSocketLeg('client', ports.make(client, limits.buffer), timeouts)
  const backendPort = ports.make(backend, limits.buffer)
  // Raw bytes have no pings: such a backend may be silent for as long as it likes.
  const backendClocks = { ping: Infinity, pong: Infinity, stall: timeouts.stall }
  const backendLeg = new BackendLeg('upstream', backendPort, backendClocks)
  const gates = new SessionGates(options)
  const pace = (from: Side): Pace => ({ gate: gates.rate(from), wakeups: sweep.wakeups })
  const received = new MessageFlow(
    clientLeg,
    backendLeg,
    gates.control('client'),
    pace('client'),
    session.received,
    { text: messages === 'text', mask: ports.mask, ...gates.message('client') },
  )
  const sent = new BackendFlow(backendLeg, clientLeg, pace('upstream'), session.sent, messages)
  return new Tunnel(session, timeouts, sweep, received, sent).run()
}

interface MessageRules extends Pick<FrameRules, 'maxMessageBytes' | 'onBigMessage'> {
  readonly text: boolean
  readonly mask: ApplyMask
}

/** The client's messages as the backend's bytes. */
class MessageFlow extends ScannedFlow implements MessageHandler {
  declare readonly to: BackendLeg
  /** Between bytes of a stream every place is a boundary. */
  readonly atBoundary = true
  protected readonly scanner: FrameScanner
  readonly #text: boolean
  readonly #mask: ApplyMask
  /** Set while a text message is in progress. */
  #validator: Utf8Validator | undefined
  /**
   * What of the chunk being scanned is payload: moved together, so that many small frames are one
   * write.
   */
  #start = 0
  #end = 0

  constructor(
    from: WebSocketLeg,
    to: BackendLeg,
    control: ControlGate,
    pace: Pace,
    tally: Tally,
    rules: MessageRules,
  ) {
    super(from, to, control, pace)
    const { text, mask, ...message } = rules
    this.#text = text
    this.#mask = mask
    this.scanner = new FrameScanner(
      { from: 'client', deflate: false, ...message },
      this,
      tally,
      pace.gate,
    )
  }

  messageBegins(opcode: Opcode): void {
    this.#validator = undefined
    if (opcode !== Opcode.text) return
    if (!this.#text) throw new GatewayError('message-kind', 'a text message on a binary bridge')
    this.#validator = new Utf8Validator()
  }

  payload(bytes: Buffer, from: number, to: number, key: number, offset: number): void {
    this.#mask(bytes, from, to, key, offset)
    if (this.#validator?.feed(bytes, from, to) === false) throw notUtf8()
    if (this.#end === this.#start) {
      this.#start = from
      this.#end = to
      return
    }
    if (this.#end !== from) bytes.copyWithin(this.#end, from, to)
    this.#end += to - from
  }

  messageEnds(): void {
    if (this.#validator?.complete === false) throw notUtf8()
  }

  control(opcode: Opcode, bytes: Buffer, from: number, to: number, key: number): boolean {
    if (opcode === Opcode.pong && this.from.ownsPong(bytes, from, to, key)) return false
    this.admitControl()
    if (opcode === Opcode.ping) this.#answerPing(bytes, from, to, key)
    return false
  }

  protected override stopAt(at: StopAt): void {
    super.stopAt(at === 'frame' ? 'now' : at)
  }

  protected override scanned(bytes: Buffer): void {
    const [start, end] = [this.#start, this.#end]
    this.#start = 0
    this.#end = 0
    if (end > start && !this.to.parted) this.forward(bytes, start, end, !this.scanner.atBoundary)
  }

  #answerPing(bytes: Buffer, from: number, to: number, key: number): void {
    if (this.from.parted) return
    const frame = encodeControl(Opcode.pong, bytes.subarray(from, to), false)
    applyMask(frame, frame.length - (to - from), frame.length, key, 0)
    // Somebody who sends pings and reads no pongs is not read from either.
    if (!this.from.port.give(frame, 0, frame.length)) this.hold(Hold.ownQueueFull)
  }
}

/** The backend's bytes as messages, one for each read. */
class BackendFlow extends Flow {
  /** Each frame is written whole. */
  readonly atBoundary = true
  readonly #tally: Tally
  readonly #opcode: Opcode
  readonly #repair: Utf8Repair | undefined
  #stopped = false
  #activity = 0

  constructor(
    from: BackendLeg,
    to: WebSocketLeg,
    pace: Pace,
    tally: Tally,
    messages: 'binary' | 'text',
  ) {
    super(from, to, pace)
    this.#tally = tally
    this.#opcode = Opcode[messages]
    this.#repair = messages === 'text' ? new Utf8Repair() : undefined
  }

  get stopped(): boolean {
    return this.#stopped
  }

  get activity(): number {
    return this.#activity
  }

  /** The backend's FIN is the Close of a peer that is done. */
  override sourceEnded(): Close | undefined {
    if (this.#stopped || this.to.parted) return undefined
    if (this.#repair !== undefined) this.#send(this.#repair.end(), true)
    this.#stopped = true
    return { code: 1000, reason: '' }
  }

  protected stopAt(): void {
    this.#stopped = true
  }

  protected take(bytes: Buffer, from: number, to: number): number {
    if (this.#stopped || this.to.parted) return to
    this.#activity++
    const { gate } = this
    if (gate === undefined) {
      this.#pass(bytes, from, to)
      return to
    }
    let at = from
    for (let count = spend(gate, to - at); count > 0; count = spend(gate, to - at)) {
      this.#pass(bytes, at, at + count)
      at += count
    }
    return at
  }

  #pass(bytes: Buffer, from: number, to: number): void {
    const kept = !this.from.port.lends
    if (this.#repair === undefined) this.#send(bytes, kept, from, to)
    else this.#send(this.#repair.take(bytes, from, to), kept)
  }

  #send(bytes: Buffer, kept: boolean, from = 0, to = bytes.length): void {
    if (to === from) return
    this.#tally.messages++
    this.#tally.bytes += to - from
    if (!this.#write(bytes, kept, from, to)) this.hold(Hold.targetFull)
  }

  #write(bytes: Buffer, kept: boolean, from: number, to: number): boolean {
    const { port } = this.to
    // A lent buffer is free to be changed, and what was in front has been sent: where there is room
    // the header goes there, and all is one write.
    const start = kept ? -1 : putDataHeader(bytes, from, this.#opcode, to - from)
    if (start >= 0) return port.write(bytes, start, to)
    const header = dataHeader(this.#opcode, to - from)
    port.give(header, 0, header.length)
    return kept ? port.give(bytes, from, to) : port.write(bytes, from, to)
  }
}

/**
 * @returns how many of so many bytes may be the next message
 * @throws {GatewayError} `upstream-invalid`
 */
function spend(gate: RateGate, wanted: number): number {
  if (wanted === 0) return 0
  if (gate.messages < 1 && gate.outOfMessages() === 'wait') return 0
  if (gate.bytes < 1 && gate.outOfBytes(false) === 'wait') return 0
  const count = Math.min(wanted, Math.floor(gate.bytes))
  gate.messages--
  gate.bytes -= count
  return count
}

function notUtf8(): GatewayError {
  return new GatewayError('text-invalid', 'a text message that is not UTF-8')
}
