import { once } from 'node:events'
import type { Socket } from 'node:net'
import { setTimeout as pause, setImmediate as turn } from 'node:timers/promises'
import type { Random } from '../../test/support/random.ts'
import { Opcode } from '../../src/websocket/opcode.ts'
import { describeFrame, encodeFrame, FrameReader } from './frames.ts'
import type { FrameEvents } from './frames.ts'
import { PayloadCheck } from './payload.ts'
import type { PayloadSource } from './payload.ts'
import { gatewayPingBytes, keyOf, nextBurst } from './traffic.ts'
import type { Dialect } from './traffic.ts'

/** How a peer reads: what it has read makes it stop now and then, for a while. */
export interface Pace {
  readonly stops: number
  readonly forMs: number
  /** Every session comes to an end: in all it stops for so long. */
  totalMs: number
}

/**
 * One end of a session: says what it has to say in bursts, reads as slowly as its pace wants, and
 * checks what arrives.
 */
export class Peer implements FrameEvents {
  readonly socket: Socket
  readonly source: PayloadSource
  readonly check: PayloadCheck
  /** Its socket is closed, both ways. */
  readonly closed: Promise<unknown>
  /** The code of the Close that came. */
  closeReceived: number | undefined
  closeSent = false
  readonly #dialect: Dialect
  readonly #random: Random
  readonly #pace: Pace
  readonly #reader: FrameReader
  #wake: (() => void) | undefined
  #silenced = false
  #said = Promise.resolve()
  #pongs: Buffer[] = []

  /** @param expected what the other end says */
  constructor(
    socket: Socket,
    dialect: Dialect,
    source: PayloadSource,
    expected: PayloadSource,
    random: Random,
    pace: Pace,
  ) {
    this.socket = socket
    this.source = source
    this.check = new PayloadCheck(expected)
    this.#dialect = dialect
    this.#random = random
    this.#pace = pace
    this.#reader = new FrameReader(this)
    this.closed = once(socket, 'close').catch(() => undefined)
    socket.on('error', () => undefined)
    for (const event of ['drain', 'close'] as const) socket.on(event, this.#woken)
    socket.on('end', () => {
      this.#silenced = true
      socket.end()
      this.#woken()
    })
  }

  /** Begins to read. */
  read(): void {
    this.socket.on('data', (chunk: Buffer) => {
      if (this.#dialect.framed) this.#frames(chunk)
      else this.check.feed(chunk)
      this.#woken()
      this.#stutter()
    })
    this.socket.resume()
  }

  /** Says so many bytes, and a burst or less; not more than `bursts`. Ends where nobody listens. */
  say(bytes: number, bursts = Infinity): Promise<void> {
    this.#said = this.#say(bytes, bursts)
    return this.#said
  }

  /** Waits until everything of a source that is done has arrived. */
  async hasAll(source: PayloadSource): Promise<void> {
    while (this.check.bytes < source.bytes && !this.#over) await this.#change()
  }

  /** The orderly end of its stream. */
  close(): void {
    if (!this.#dialect.framed) this.socket.end()
    else if (!this.closeSent) {
      this.closeSent = true
      const payload = Buffer.from([1000 >> 8, 1000 & 0xff])
      this.#control(Opcode.close, payload)
      this.#finish()
    }
  }

  /** FIN, without a Close. */
  end(): void {
    this.#silenced = true
    this.socket.end()
  }

  reset(): void {
    this.#silenced = true
    try {
      this.socket.resetAndDestroy()
    } catch {
      // Of TLS sockets there is no reset; what they have not read makes the kernel send one.
    }
    this.socket.destroy()
  }

  /** Where it has got to, for whoever has to find out why. */
  get state(): string {
    const { readableEnded, writableEnded, writableLength } = this.socket
    const close = `Close sent ${this.closeSent}, got ${this.closeReceived}`
    const ends = `FIN sent ${writableEnded}, got ${readableEnded}`
    return `[said ${this.source.bytes}, got ${this.check.bytes}, ${writableLength} waiting; ${close}; ${ends}]`
  }

  begins(opcode: number, fin: boolean, size: number): void {
    const own = opcode < Opcode.close || (opcode === Opcode.ping && size !== gatewayPingBytes)
    if (this.#dialect.kept && own) this.check.frame(describeFrame(opcode, fin, size))
  }

  payload(opcode: number, bytes: Buffer): void {
    if (opcode < Opcode.close) this.check.feed(bytes)
    else if (opcode === Opcode.close) this.#closing(bytes)
    else if (opcode === Opcode.ping && bytes.length === gatewayPingBytes) this.#pongs.push(bytes)
    else if (opcode === Opcode.ping) this.check.feed(bytes)
  }

  #frames(chunk: Buffer): void {
    try {
      this.#reader.feed(chunk)
    } catch (error) {
      this.check.fail(String(error))
      this.reset()
    }
  }

  async #say(bytes: number, bursts: number): Promise<void> {
    const random = this.#random
    for (let left = bursts; this.source.bytes < bytes && left > 0 && !this.#mute; left--) {
      for (const pong of this.#pongs.splice(0)) this.#control(Opcode.pong, pong)
      const { wire, pieces } = nextBurst(this.#dialect, this.source, random)
      for (let at = 0; at < wire.length && !this.socket.destroyed;) {
        const size =
          pieces === 'whole' ? wire.length : pieces === 'random' ? 1 + random.size(60_000) : 1
        if (!this.socket.write(wire.subarray(at, at + size))) await this.#drained()
        at += size
        if (pieces === 'single bytes' || random.next() < 0.1) await turn()
      }
      if (random.next() < 0.3) await pause(random.int(0, 20))
    }
  }

  get #mute(): boolean {
    return this.#silenced || this.socket.destroyed
  }

  get #over(): boolean {
    return this.#silenced || this.socket.destroyed || this.socket.readableEnded
  }

  async #drained(): Promise<void> {
    while (this.socket.writableNeedDrain && !this.socket.destroyed) await this.#change()
  }

  /** Anything has happened. One only waits at a time: who says is done before it waits for all. */
  #change(): Promise<void> {
    return new Promise((resolve) => {
      this.#wake = resolve
    })
  }

  readonly #woken = (): void => {
    this.#wake?.()
    this.#wake = undefined
  }

  #control(opcode: number, payload: Buffer): void {
    const key = keyOf(this.#dialect.masked, this.#random)
    this.socket.write(encodeFrame({ opcode, fin: true, payload, ...key }))
  }

  /** A Close that is no failure is answered behind all that is still to be said. */
  #closing(payload: Buffer): void {
    this.closeReceived = payload.length >= 2 ? payload.readUInt16BE() : 1005
    if (this.closeReceived !== 1000) this.end()
    else
      void this.#said.then(() => {
        this.close()
        this.#finish()
      })
  }

  /** The server closes first (RFC 6455 section 7.1.1). */
  #finish(): void {
    const done = this.closeSent && this.closeReceived !== undefined
    if (done && !this.#dialect.masked) this.socket.end()
  }

  #stutter(): void {
    const pace = this.#pace
    if (pace.totalMs <= 0 || this.#random.next() >= pace.stops) return
    const ms = this.#random.int(0, pace.forMs)
    pace.totalMs -= ms
    this.socket.pause()
    setTimeout(() => this.socket.resume(), ms)
  }
}
