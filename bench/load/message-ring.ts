import { randomBytes } from 'node:crypto'

/** Messages differ, so that one that is lost or overtaken shows in the bytes. */
const kinds = 16

/**
 * The messages that a connection sends, round and round: masked once, as frames that stand one
 * behind the other, so that several of them are one write.
 */
export class MessageRing {
  readonly payloadBytes: number
  /** All payloads as they come back, in order. */
  readonly expected: Buffer
  readonly #frames: Buffer
  readonly #frameBytes: number
  readonly #slices: (Buffer | undefined)[] = []

  constructor(payloadBytes: number, longestRun: number) {
    this.payloadBytes = payloadBytes
    this.expected = randomBytes(kinds * payloadBytes)
    const frames: Buffer[] = []
    for (let at = 0; at < this.expected.length; at += payloadBytes) {
      frames.push(maskedFrame(this.expected.subarray(at, at + payloadBytes), randomBytes(4)))
    }
    this.#frameBytes = frames[0]!.length
    // A run that begins at the last one goes on behind it.
    const copies = 1 + Math.ceil(longestRun / kinds)
    this.#frames = Buffer.concat(Array.from({ length: copies }, () => frames).flat())
  }

  /**
   * @param from number of the first message since the connection was opened
   * @returns frames that the caller must not change
   */
  run(from: number, count: number): Buffer {
    const first = from % kinds
    const key = count * kinds + first
    return (this.#slices[key] ??= this.#frames.subarray(
      first * this.#frameBytes,
      (first + count) * this.#frameBytes,
    ))
  }
}

function maskedFrame(payload: Buffer, mask: Buffer): Buffer {
  const { length } = payload
  const header = Buffer.alloc(length < 126 ? 2 : length < 65_536 ? 4 : 10)
  header[0] = 0x82
  header[1] = 0x80 | (length < 126 ? length : length < 65_536 ? 126 : 127)
  if (header.length === 4) header.writeUInt16BE(length, 2)
  if (header.length === 10) header.writeBigUInt64BE(BigInt(length), 2)
  const masked = Buffer.from(payload)
  for (const [at, byte] of payload.entries()) masked[at] = byte ^ mask[at & 3]!
  return Buffer.concat([header, mask, masked])
}
