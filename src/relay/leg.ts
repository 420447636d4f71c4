import type { GatewayError } from '../errors.ts'
import type { Close } from '../websocket/close-code.ts'
import { encodeClose, encodeControl } from '../websocket/encode.ts'
import { keyByte } from '../websocket/mask.ts'
import { Opcode } from '../websocket/opcode.ts'
import { putRandom } from '../websocket/random.ts'
import { isOrderly, stalledIn, violatorOf } from './ending.ts'
import type { Side } from './ending.ts'
import { PeerClock } from './peer-clock.ts'
import type { PeerTimeouts } from './peer-clock.ts'
import type { EndKind, Port } from './port/port.ts'

/** One of the two peers of a session: its port, its clock, and how far its end has come. */
export abstract class Leg {
  readonly side: Side
  readonly port: Port
  readonly clock: PeerClock
  /** It answers our Close with one of its own. */
  abstract readonly answers: boolean
  /** Its Close, or the end of stream that stands for one. */
  closeReceived: Close | undefined
  /** The Close it has got, from the other peer or from us. */
  closeSent: Close | undefined
  /** It sends nothing any more. */
  gone: EndKind | undefined
  closed = false
  #cut = false

  constructor(side: Side, port: Port, timeouts: PeerTimeouts) {
    this.side = side
    this.port = port
    this.clock = new PeerClock(port, timeouts, performance.now())
  }

  /** It will get nothing more: it has its Close, or was cut without one. */
  get parted(): boolean {
    return this.closeSent !== undefined || this.#cut
  }

  /** Sends a Close in good order. Only at a frame boundary. */
  abstract sendClose(close: Close): void

  /** Tells it of an end that the gateway has decided on. Only at a frame boundary. */
  abstract part(error: GatewayError): void

  /** Asks for a sign of life. Only at a frame boundary. */
  abstract ping(): void

  /**
   * Ends it where no Close can be sent: what has been written is flushed, then FIN; a stalled peer
   * takes nothing.
   */
  cut(error?: GatewayError): void {
    this.#cut = true
    if (error !== undefined && stalledIn(error) === this.side) this.drop()
    else this.port.end()
  }

  /** Tears it down with a reset, so that nothing comes from it any more. */
  drop(): void {
    this.#cut = true
    this.gone ??= 'reset'
    this.port.reset()
  }
}

/** A peer that speaks WebSocket. */
export class WebSocketLeg extends Leg {
  readonly answers = true
  /** What our pings carry: unpredictable, so that a peer's own pings are never taken for ours. */
  #marker: Buffer | undefined

  sendClose(close: Close): void {
    if (this.parted) return
    const frame = encodeClose(close, this.side === 'upstream')
    this.port.give(frame, 0, frame.length)
    this.closeSent = close
  }

  part(error: GatewayError): void {
    const code = this.side === 'client' ? error.clientCode : error.upstreamCode
    if (code === undefined) {
      this.cut(error)
      return
    }
    this.sendClose({ code, reason: error.token })
    // RFC 6455 section 7.1.7: who broke a rule is not waited for; its frames can no longer be told
    // apart.
    if (violatorOf(error) === this.side) this.port.end()
  }

  ping(): void {
    const marker = (this.#marker ??= freshMarker())
    const frame = encodeControl(Opcode.ping, marker, this.side === 'upstream')
    this.port.give(frame, 0, frame.length)
    this.clock.pinged()
  }

  /**
   * Whether a Pong with this payload answers one of our pings, of which the other peer must not
   * learn.
   */
  ownsPong(bytes: Uint8Array, from: number, to: number, key: number): boolean {
    const marker = this.#marker
    if (marker === undefined || to - from !== marker.length) return false
    for (let i = 0; i < marker.length; i++) {
      if ((bytes[from + i]! ^ keyByte(key, i & 3)) !== marker[i]) return false
    }
    return true
  }
}

function freshMarker(): Buffer {
  const marker = Buffer.alloc(8)
  putRandom(marker, 0, marker.length)
  return marker
}

/** A backend of raw bytes: FIN is its Close, a reset its error. */
export class BackendLeg extends Leg {
  readonly answers = false

  sendClose(close: Close): void {
    if (this.parted) return
    this.closeSent = close
    this.port.end()
  }

  part(error: GatewayError): void {
    this.cut(error)
  }

  override cut(error?: GatewayError): void {
    if (error === undefined || isOrderly(error)) super.cut()
    else this.drop()
  }

  /** Raw bytes have no pings; its clock never asks for one. */
  ping(): void {}
}
