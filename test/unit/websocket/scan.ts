import { GatewayError } from '../../../src/errors.ts'
import type { Close } from '../../../src/websocket/close-code.ts'
import type { FrameRules } from '../../../src/websocket/frame-header.ts'
import { FrameScanner } from '../../../src/websocket/scanner.ts'

export interface Scanned {
  /** Everything that was passed, as hex. */
  readonly passed: string
  /** How many calls that took. */
  readonly runs: number
  readonly controls: readonly string[]
  readonly messages: number
  readonly bytes: number
  readonly token: string | undefined
  readonly upstreamCode: number | undefined
  readonly close: Close | undefined
}

/** Scans chunks with a handler that takes everything, until a violation. */
export function scan(chunks: readonly Buffer[], rules: Partial<FrameRules> = {}): Scanned {
  const passed: Buffer[] = []
  const controls: string[] = []
  const tally = { messages: 0, bytes: 0 }
  let error: GatewayError | undefined
  const scanner = new FrameScanner(
    { from: 'client', deflate: false, maxMessageBytes: Infinity, ...rules },
    {
      pass: (bytes, from, to) => passed.push(Buffer.from(bytes.subarray(from, to))),
      control: (opcode, bytes, from, to) => {
        controls.push(`${opcode}:${bytes.toString('hex', from, to)}`)
        return true
      },
    },
    tally,
  )
  try {
    for (const chunk of chunks) scanner.scan(chunk, 0, chunk.length)
  } catch (thrown) {
    error = GatewayError.from(thrown)
  }
  return {
    passed: Buffer.concat(passed).toString('hex'),
    runs: passed.length,
    controls,
    ...tally,
    token: error?.token,
    upstreamCode: error?.upstreamCode,
    close: scanner.close,
  }
}

/** `whole` in pieces that end at these places. */
export function cut(whole: Buffer, places: readonly number[]): Buffer[] {
  const sorted = [
    0,
    ...places.filter((at) => at < whole.length).sort((a, b) => a - b),
    whole.length,
  ]
  return sorted.slice(1).map((to, i) => Buffer.from(whole.subarray(sorted[i], to)))
}

export function everyByte(whole: Buffer): Buffer[] {
  return Array.from(whole, (byte) => Buffer.from([byte]))
}
