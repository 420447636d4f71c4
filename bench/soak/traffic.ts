import type { Random } from '../../test/support/random.ts'
import { Opcode } from '../../src/websocket/opcode.ts'
import { describeFrame, encodeFrame } from './frames.ts'
import type { PayloadSource } from './payload.ts'

/** How an end speaks. */
export interface Dialect {
  /** False: raw bytes. */
  readonly framed: boolean
  readonly masked: boolean
  /**
   * Frames arrive as they were sent, with their kinds, fragments and pings; a bridge keeps the
   * bytes alone.
   */
  readonly kept: boolean
  /** The largest message, or what leaves in one write. */
  readonly largestBytes: number
}

/** What leaves together, and in what pieces it is written. */
export interface Burst {
  readonly wire: Buffer
  readonly pieces: 'whole' | 'random' | 'single bytes'
}

/** Longer than any ping of the gateway's is never confused with one; so is shorter. */
export const gatewayPingBytes = 8

type Kind = 'message' | 'large' | 'many' | 'dribble' | 'empty'
const kinds: readonly Kind[] = [
  'message',
  'message',
  'message',
  'large',
  'many',
  'dribble',
  'empty',
]

/** The next of what an end has to say, in any of the ways in which peers say it. */
export function nextBurst(dialect: Dialect, source: PayloadSource, random: Random): Burst {
  const kind = random.pick(kinds)
  const pieces = kind === 'dribble' ? 'single bytes' : random.pick(['whole', 'random'] as const)
  if (!dialect.framed)
    return { wire: Buffer.from(source.take(rawSize(kind, random, dialect))), pieces }
  const frames: Buffer[] = []
  const message = (size: number, fragments: number): void => {
    const opcode = dialect.kept ? random.pick([Opcode.text, Opcode.binary]) : Opcode.binary
    for (let left = fragments; left > 0; left--) {
      const share = left === 1 ? size : random.int(0, size)
      size -= share
      frames.push(
        dataFrame(dialect, source, random, left === fragments ? opcode : 0, left === 1, share),
      )
      if (random.next() < 0.1) frames.push(pingFrame(dialect, source, random))
    }
  }
  if (kind === 'message') message(random.size(200_000), random.pick([1, 1, 2, 5]))
  else if (kind === 'large')
    message(random.int(65_000, dialect.largestBytes), random.pick([1, 1, 6]))
  else if (kind === 'dribble') message(random.int(0, 40), random.int(1, 3))
  else if (kind === 'empty') message(0, random.int(1, 2))
  else {
    const most = random.pick([0, 5, 125, 300])
    for (let count = random.int(2, 800); count > 0; count--) message(random.int(0, most), 1)
  }
  return { wire: Buffer.concat(frames), pieces }
}

function dataFrame(
  { masked, kept }: Dialect,
  source: PayloadSource,
  random: Random,
  opcode: number,
  fin: boolean,
  size: number,
): Buffer {
  if (kept) source.frames.push(describeFrame(opcode, fin, size))
  return encodeFrame({ opcode, fin, payload: source.take(size), ...keyOf(masked, random) })
}

/** Where pings arrive, their payload is checked with all the rest. */
function pingFrame({ masked, kept }: Dialect, source: PayloadSource, random: Random): Buffer {
  let size = random.int(0, 125)
  if (size === gatewayPingBytes) size++
  if (kept) source.frames.push(describeFrame(Opcode.ping, true, size))
  const payload = kept ? source.take(size) : Buffer.alloc(size)
  return encodeFrame({ opcode: Opcode.ping, fin: true, payload, ...keyOf(masked, random) })
}

function rawSize(kind: Kind, random: Random, { largestBytes }: Dialect): number {
  if (kind === 'large') return random.int(65_000, largestBytes)
  return kind === 'dribble' ? random.int(1, 40) : 1 + random.size(200_000)
}

export function keyOf(masked: boolean, random: Random): { key?: number } {
  return masked ? { key: random.int(0, 2 ** 32 - 1) } : {}
}
