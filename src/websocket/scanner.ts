import type { Allowance, Overdrawn } from './allowance.ts'
import { isWireCode, noCode } from './close-code.ts'
import type { Close } from './close-code.ts'
import { CloseFinder } from './close-finder.ts'
import { maxControlPayload } from './encode.ts'
import { FrameHeader, violation } from './frame-header.ts'
import type { FrameRules } from './frame-header.ts'
import { applyMask } from './mask.ts'
import { Opcode } from './opcode.ts'
import { isUtf8 } from './utf8.ts'

/** Takes frames as they came. */
export interface FrameHandler {
  /**
   * `bytes[from, to)` are headers and payload of valid frames, in one piece as far as they came in
   * one. They are not touched again by the scanner: whether they may be kept is up to where the
   * scanned bytes came from.
   * @param inside they end inside a data frame
   */
  pass(bytes: Buffer, from: number, to: number, inside: boolean): void
  /**
   * A whole Ping or Pong, its payload at `bytes[from, to)` under `key`.
   * @returns whether it belongs to what is passed
   * @throws {GatewayError} to refuse it: it is not passed and the scanner stops
   */
  control(opcode: Opcode, bytes: Buffer, from: number, to: number, key: number): boolean
}

/** Takes messages out of their frames. */
export interface MessageHandler {
  /** @throws {GatewayError} to refuse the message; nothing of it has been given then */
  messageBegins(opcode: Opcode): void
  /**
   * Payload as it came: under `key`, with `offset` bytes of its frame before it. May be changed in
   * place.
   */
  payload(bytes: Buffer, from: number, to: number, key: number, offset: number): void
  /** @throws {GatewayError} to refuse what has come */
  messageEnds(): void
  control(opcode: Opcode, bytes: Buffer, from: number, to: number, key: number): boolean
}

/**
 * What has come through: complete data messages, and the payload bytes of data messages as on the
 * wire.
 */
export interface Tally {
  messages: number
  bytes: number
}

/** Where a stop may happen: `now` means inside a frame too. */
export type StopAt = 'message' | 'frame' | 'now'

/**
 * Open, asked to stop at the end of a message or of a frame, stopped (what comes is discarded),
 * behind a Close.
 */
const Mode = { open: 0, toMessageEnd: 1, toFrameEnd: 2, stopped: 3, closed: 4 } as const
type Mode = (typeof Mode)[keyof typeof Mode]

/** A control frame and its header, masked. It is also more than any header. */
const maxHeldBytes = 6 + maxControlPayload

/**
 * Follows the frames of one direction (RFC 6455 section 5.2). Nothing of a frame is given on before
 * its header is complete and valid, and a control frame only as a whole: until then its bytes are
 * held, at most 131. Data payload is never copied, unmasked or looked at.
 */
export class FrameScanner {
  readonly #from: 'client' | 'upstream'
  readonly #header: FrameHeader
  readonly #frames: FrameHandler | undefined
  readonly #messages: MessageHandler | undefined
  readonly #handler: FrameHandler | MessageHandler
  readonly #tally: Tally
  readonly #allowance: Allowance | undefined
  /** Near its end the allowance is looked at for every frame, far from it once a scan. */
  #tight = false
  /**
   * Messages that have begun and payload bytes, as far as the allowance has been charged for them.
   */
  #chargedMessages: number
  #chargedBytes: number
  #mode: Mode = Mode.open
  /** Bytes of a data frame's payload that are still to come. */
  #payloadLeft = 0
  /**
   * The begin of a frame of which nothing has been given on. Made when needed, given away with what
   * it holds.
   */
  #held: Buffer | undefined
  #heldBytes = 0
  /**
   * Where in the chunk being scanned the frames that have not been given on begin, and where the
   * next frame does.
   */
  #run = 0
  #at = 0
  #activity = 0
  /** The allowance is used up: what is left of the chunk is for later. */
  #waits = false
  #close: Close | undefined
  #finder: CloseFinder | undefined

  /** @param allowance undefined for no limit */
  constructor(
    rules: FrameRules,
    handler: FrameHandler | MessageHandler,
    tally: Tally,
    allowance?: Allowance,
  ) {
    this.#from = rules.from
    this.#header = new FrameHeader(rules)
    this.#handler = handler
    if ('pass' in handler) this.#frames = handler
    else this.#messages = handler
    this.#tally = tally
    this.#allowance = allowance
    this.#chargedMessages = tally.messages
    this.#chargedBytes = tally.bytes
  }

  /**
   * Between frames, as far as they have been given on: the only place where the gateway may write
   * frames of its own.
   */
  get atBoundary(): boolean {
    return this.#payloadLeft === 0
  }

  get betweenMessages(): boolean {
    return this.#payloadLeft === 0 && !this.#header.inMessage
  }

  /** Nothing is given on any more: a stop that was asked for, a violation, or a Close. */
  get stopped(): boolean {
    return this.#mode >= Mode.stopped
  }

  /** The Close that was given on, as it was. */
  get close(): Close | undefined {
    return this.#close
  }

  /** A Close has come: one that was given on, or one in what was discarded. */
  get closeSeen(): boolean {
    return this.#close !== undefined || this.#finder?.found === true
  }

  /** Changes with every byte of a data frame. */
  get activity(): number {
    return this.#activity
  }

  /**
   * Asks for an end of what is given on: at the next place of this kind, or at once where this is
   * one.
   */
  stop(at: StopAt): void {
    if (this.stopped) return
    if (at === 'now' || (at === 'frame' ? this.atBoundary : this.betweenMessages)) {
      this.#discardFrom(this.#payloadLeft)
    } else if (at === 'frame') this.#mode = Mode.toFrameEnd
    else if (this.#mode === Mode.open) this.#mode = Mode.toMessageEnd
  }

  /**
   * Takes the next bytes. Frames before a violation are given on before it is thrown.
   * @returns up to where: less than `to` where the allowance is used up, and the rest is to be
   * handed in again
   * @throws {GatewayError} `frame-invalid`, `message-too-big`, `upstream-invalid`, what the handler
   * throws; the scanner
   *   is stopped then
   */
  scan(bytes: Buffer, from: number, to: number): number {
    this.#at = from
    this.#run = from
    this.#waits = false
    // A frame is two bytes at least.
    const allowance = this.#allowance
    this.#tight =
      allowance !== undefined && Math.min(allowance.messages * 2, allowance.bytes) < to - from
    try {
      if (!this.#tight) while (this.#at < to && this.#mode < Mode.stopped) this.#step(bytes, to)
      else while (this.#at < to && this.#mode < Mode.stopped && !this.#waits) this.#step(bytes, to)
    } catch (thrown) {
      this.#charge()
      this.#flush(bytes)
      if (!this.stopped) this.#discardFrom(this.#payloadLeft)
      this.#finder?.scan(bytes, this.#at, to)
      throw thrown
    }
    this.#charge()
    this.#flush(bytes)
    if (!this.stopped) return this.#at
    this.#finder?.scan(bytes, this.#at, to)
    return to
  }

  #step(bytes: Buffer, to: number): void {
    if (this.#payloadLeft > 0) this.#takePayload(bytes, to)
    else if (this.#heldBytes > 0) this.#fill(bytes, to)
    else if (this.#tight && !this.#mayBegin(bytes[this.#at]!)) this.#waits = true
    else {
      const at = this.#at
      const size = this.#header.read(bytes, at, to)
      const whole = this.#header.opcode < Opcode.close ? size : size + this.#header.payloadBytes
      if (size === 0 || to - at < whole) this.#hold(bytes, to)
      else if (this.#header.opcode < Opcode.close) {
        if (this.#tight) this.#admitPayload()
        this.#at = at + size
        this.#beginData()
      } else {
        if (!this.#takeControl(bytes, at + size, at + whole)) {
          this.#flush(bytes)
          this.#run = at + whole
        }
        this.#at = at + whole
      }
    }
  }

  /**
   * Whether the frame that begins with this byte may come now. Asked before anything is kept of the
   * frame.
   */
  #mayBegin(first: number): boolean {
    const opcode = first & 0x0f
    if (opcode !== Opcode.text && opcode !== Opcode.binary) return true
    this.#charge()
    const allowance = this.#allowance!
    return allowance.messages >= 1 || this.#goesOn(allowance.outOfMessages())
  }

  /** The last moment to refuse a frame for its bytes: nothing of it has been given on. */
  #admitPayload(): void {
    this.#charge()
    const allowance = this.#allowance!
    if (allowance.bytes < 1 && this.#header.payloadBytes > 0) {
      this.#goesOn(allowance.outOfBytes(false))
    }
  }

  /** @returns how many of so many bytes may come now; none ends the scan */
  #afford(wanted: number): number {
    this.#charge()
    const allowance = this.#allowance!
    if (allowance.bytes < 1) {
      // Between bytes of a stream every place is a boundary; a frame that is passed on has begun.
      this.#waits = !this.#goesOn(allowance.outOfBytes(this.#frames !== undefined))
      if (this.#waits) return 0
    }
    return Math.min(wanted, Math.floor(allowance.bytes))
  }

  #goesOn(verdict: Overdrawn): boolean {
    if (verdict === 'finish' && this.#mode < Mode.toFrameEnd) this.#mode = Mode.toFrameEnd
    return verdict !== 'wait'
  }

  #charge(): void {
    const allowance = this.#allowance
    if (allowance === undefined) return
    const { messages, bytes } = this.#tally
    const begun = this.betweenMessages ? messages : messages + 1
    allowance.messages -= begun - this.#chargedMessages
    allowance.bytes -= bytes - this.#chargedBytes
    this.#chargedMessages = begun
    this.#chargedBytes = bytes
  }

  #beginData(): void {
    const { opcode, payloadBytes } = this.#header
    this.#activity++
    this.#payloadLeft = payloadBytes
    if (opcode !== Opcode.continuation) this.#messages?.messageBegins(opcode)
    if (payloadBytes === 0) this.#endFrame()
  }

  #takePayload(bytes: Buffer, to: number): void {
    const at = this.#at
    let count = Math.min(this.#payloadLeft, to - at)
    if (this.#tight) {
      count = this.#afford(count)
      if (count === 0) return
    }
    if (this.#messages !== undefined) {
      const { key, payloadBytes } = this.#header
      this.#messages.payload(bytes, at, at + count, key, payloadBytes - this.#payloadLeft)
    }
    this.#tally.bytes += count
    this.#activity++
    this.#payloadLeft -= count
    this.#at = at + count
    if (this.#payloadLeft === 0) this.#endFrame()
  }

  #endFrame(): void {
    const { inMessage } = this.#header
    if (!inMessage) {
      this.#messages?.messageEnds()
      this.#tally.messages++
    }
    if (this.#mode === Mode.toFrameEnd || (this.#mode === Mode.toMessageEnd && !inMessage)) {
      this.#discardFrom(0)
    }
  }

  /** Keeps the begin of a frame that must not be given on yet. */
  #hold(bytes: Buffer, to: number): void {
    this.#flush(bytes)
    this.#held ??= Buffer.alloc(maxHeldBytes)
    this.#heldBytes = bytes.copy(this.#held, 0, this.#at, to)
    this.#at = to
    this.#run = to
  }

  /**
   * Adds to what is held, byte by byte as far as the header goes, and gives it on once it is
   * enough.
   */
  #fill(bytes: Buffer, to: number): void {
    const held = this.#held!
    let size = this.#header.read(held, 0, this.#heldBytes)
    while (size === 0 && this.#at < to) {
      held[this.#heldBytes++] = bytes[this.#at++]!
      this.#run = this.#at // Before a rule is found broken: what is held is not given on by then.
      size = this.#header.read(held, 0, this.#heldBytes)
    }
    if (size === 0) return
    if (this.#header.opcode < Opcode.close) {
      if (this.#tight) this.#admitPayload()
      this.#held = undefined
      this.#heldBytes = 0
      this.#frames?.pass(held, 0, size, this.#header.payloadBytes > 0)
      this.#beginData()
      return
    }
    const whole = size + this.#header.payloadBytes
    const count = Math.min(whole - this.#heldBytes, to - this.#at)
    bytes.copy(held, this.#heldBytes, this.#at, this.#at + count)
    this.#heldBytes += count
    this.#at += count
    this.#run = this.#at
    if (this.#heldBytes < whole) return
    const passes = this.#takeControl(held, size, whole)
    this.#held = undefined
    this.#heldBytes = 0
    if (passes) this.#frames?.pass(held, 0, whole, false)
  }

  /** @returns whether the frame is to be passed on */
  #takeControl(bytes: Buffer, from: number, to: number): boolean {
    const { opcode, key } = this.#header
    if (opcode !== Opcode.close) return this.#handler.control(opcode, bytes, from, to, key)
    this.#close = this.#readClose(bytes, from, to, key)
    this.#mode = Mode.closed
    return true
  }

  #readClose(bytes: Buffer, from: number, to: number, key: number): Close {
    if (to === from) return { code: noCode, reason: '' }
    // A copy: the frame itself goes on as it came.
    const payload = Buffer.from(bytes.subarray(from, to))
    applyMask(payload, 0, payload.length, key, 0)
    const code = payload.length < 2 ? 0 : payload.readUInt16BE(0)
    if (!isWireCode(code)) {
      throw violation(this.#from, 'frame-invalid', 1002, 'a Close with a code that may not be sent')
    }
    if (!isUtf8(payload, 2)) {
      throw violation(this.#from, 'frame-invalid', 1002, 'a Close with a reason that is not UTF-8')
    }
    return { code, reason: payload.toString('utf8', 2) }
  }

  /** Gives on the frames of this chunk that have been found valid. */
  #flush(bytes: Buffer): void {
    const from = this.#run
    this.#run = this.#at
    if (this.#at > from) this.#frames?.pass(bytes, from, this.#at, this.#payloadLeft > 0)
  }

  #discardFrom(payloadLeft: number): void {
    this.#mode = Mode.stopped
    this.#payloadLeft = 0
    this.#finder = new CloseFinder(payloadLeft)
    if (this.#heldBytes > 0) this.#finder.scan(this.#held!, 0, this.#heldBytes)
    this.#held = undefined
    this.#heldBytes = 0
  }
}
