import { GatewayError } from '../errors.ts'
import { maxControlPayload } from './encode.ts'
import { Opcode } from './opcode.ts'

/** The longest frame header: two bytes, a length of eight, a masking key of four. */
export const maxHeaderBytes = 14

/**
 * Frames a message may be cut into. Empty ones cost the sender nothing, so that sizes alone do not
 * bound them.
 */
export const maxFragments = 16_384

export interface FrameRules {
  /** Whose frames these are: a client's are masked, an upstream's are not. */
  readonly from: 'client' | 'upstream'
  /** permessage-deflate was negotiated, so that RSV1 may mark a message (RFC 7692 section 6). */
  readonly deflate: boolean
  /** Largest message as it is on the wire, inclusive; Infinity for none. */
  readonly maxMessageBytes: number
  /** Larger messages pass, and this is told of each header that makes them so. */
  readonly onBigMessage?: (() => void) | undefined
}

/**
 * Reads frame headers of one direction and checks every rule that a header can break (RFC 6455
 * section 5), each as soon as its byte is there. Keeps what of a message in progress the next
 * header is judged by.
 */
export class FrameHeader {
  readonly #rules: FrameRules
  #inMessage = false
  #fragments = 0
  #messageBytes = 0

  // The header read last.
  opcode: Opcode = Opcode.continuation
  fin = false
  payloadBytes = 0
  /** The masking key as a big-endian number; 0 where there is none. */
  key = 0

  constructor(rules: FrameRules) {
    this.#rules = rules
  }

  /** A message has begun and its last fragment's header has not been read. */
  get inMessage(): boolean {
    return this.#inMessage
  }

  /**
   * Reads the header at `bytes[at, to)`. Reading the begin of a header again with more bytes is
   * fine.
   * @returns its size, or 0 when more bytes are needed
   * @throws {GatewayError} `frame-invalid`, `message-too-big`; `upstream-invalid` for an upstream's
   */
  read(bytes: Uint8Array, at: number, to: number): number {
    if (at >= to) return 0
    const first = bytes[at]!
    const opcode = this.#checkFirst(first)
    if (to - at < 2) return 0
    const second = bytes[at + 1]!
    const masked = second >= 0x80
    if (masked !== (this.#rules.from === 'client')) {
      throw this.#invalid(masked ? 'a masked frame of a server' : 'an unmasked frame of a client')
    }
    let payloadBytes = second & 0x7f
    let size = 2
    if (opcode >= Opcode.close) {
      if (payloadBytes > maxControlPayload) throw this.#invalid('a control frame over 125 bytes')
    } else {
      if (payloadBytes === 126) {
        if (to - at < 4) return 0
        payloadBytes = (bytes[at + 2]! << 8) | bytes[at + 3]!
        if (payloadBytes < 126) throw this.#invalid('a length that is not in its shortest form')
        size = 4
      } else if (payloadBytes === 127) {
        if (to - at > 2 && bytes[at + 2]! >= 0x80) throw this.#invalid('a length of 64 bits')
        if (to - at < 10) return 0
        const announced = uint32(bytes, at + 2) * 2 ** 32 + uint32(bytes, at + 6)
        // Nobody ever sends that many bytes. Numbers beyond it lose their last bits, and how far into
        // a frame its bytes stand decides how they are unmasked.
        payloadBytes = Math.min(announced, Number.MAX_SAFE_INTEGER)
        if (payloadBytes <= 0xffff) throw this.#invalid('a length that is not in its shortest form')
        size = 10
      }
      this.#checkMessage(opcode, payloadBytes)
    }
    if (masked) {
      if (to - at < size + 4) return 0
      this.key = uint32(bytes, at + size)
      size += 4
    }
    this.opcode = opcode
    this.fin = first >= 0x80
    this.payloadBytes = payloadBytes
    if (opcode < Opcode.close) this.#count()
    return size
  }

  #checkFirst(first: number): Opcode {
    const opcode = first & 0x0f
    if ((first & 0x70) !== 0) {
      const marksMessage = opcode === Opcode.text || opcode === Opcode.binary
      if ((first & 0x70) !== 0x40 || !this.#rules.deflate || !marksMessage) {
        throw this.#invalid('a reserved bit that no extension explains')
      }
    }
    switch (opcode) {
      case Opcode.continuation:
        if (!this.#inMessage) throw this.#invalid('a continuation of nothing')
        return opcode
      case Opcode.text:
      case Opcode.binary:
        if (this.#inMessage) throw this.#invalid('a new message inside a fragmented one')
        return opcode
      case Opcode.close:
      case Opcode.ping:
      case Opcode.pong:
        if (first < 0x80) throw this.#invalid('a fragmented control frame')
        return opcode
      default:
        throw this.#invalid('a reserved opcode')
    }
  }

  #checkMessage(opcode: Opcode, payloadBytes: number): void {
    const goesOn = opcode === Opcode.continuation
    const total = goesOn ? this.#messageBytes + payloadBytes : payloadBytes
    if (total > this.#rules.maxMessageBytes) {
      const { onBigMessage } = this.#rules
      if (onBigMessage === undefined) throw this.#tooBig('a message over the limit')
      onBigMessage()
    }
    if (goesOn && this.#fragments >= maxFragments) throw this.#tooBig('too many fragments')
  }

  #count(): void {
    if (this.opcode === Opcode.continuation) {
      this.#messageBytes += this.payloadBytes
      this.#fragments++
    } else {
      this.#messageBytes = this.payloadBytes
      this.#fragments = 1
    }
    this.#inMessage = !this.fin
  }

  /** A rule of the protocol is broken: `frame-invalid`, or `upstream-invalid` with 1002. */
  #invalid(detail: string): GatewayError {
    return violation(this.#rules.from, 'frame-invalid', 1002, detail)
  }

  #tooBig(detail: string): GatewayError {
    return violation(this.#rules.from, 'message-too-big', 1009, detail)
  }
}

/**
 * The error for who broke a rule: a client's has a token of its own, an upstream's is told apart by
 * its code.
 */
export function violation(
  from: 'client' | 'upstream',
  token: 'frame-invalid' | 'message-too-big' | 'rate-exceeded',
  code: number,
  detail: string,
): GatewayError {
  if (from === 'client') return new GatewayError(token, detail)
  return new GatewayError('upstream-invalid', detail, { upstreamCode: code })
}

function uint32(bytes: Uint8Array, at: number): number {
  return bytes[at]! * 2 ** 24 + ((bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!)
}
