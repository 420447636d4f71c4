import { parseArgs } from 'node:util'
import { peers } from './peers.ts'
import type { PeerName } from './peers.ts'

export interface Options {
  /** Works whose names contain one of these; all where it is empty. */
  readonly only: readonly string[]
  /** With whom we are compared, where the work is one for them. */
  readonly peers: readonly PeerName[]
  readonly rounds: number
  /** How often a round is tried in which something else ran. */
  readonly attempts: number
  /** Load on a fresh process before its first round; undefined leaves it to each work. */
  readonly warmMs: number | undefined
  /** The same before each later round: connections are opened, caches are filled. */
  readonly rewarmMs: number
  /** The load that a fresh process is measured under; 0 leaves that out. */
  readonly coldMs: number
  readonly measureMs: number
  /** How long idle connections lie before their memory is read. */
  readonly settleMs: number
  /** Where all figures of all rounds go as JSON. */
  readonly json: string | undefined
}

export const usage = `npm run bench -- [options]

  --only TEXT       works whose names contain this; may be repeated
  --peers A,B       haproxy, nginx, caddy, http-proxy, node (Node's parts alone), websockify, relay (ours, next to a bridge); none; default all
  --rounds N        rounds of each proxy, of which the medians are printed (default 3)
  --attempts N      times that a round is tried while others use over 10 % of a core; the least disturbed counts (default 4)
  --seconds N       measured time of each round (default 1.5)
  --warm N          seconds of load before the first round of a proxy (default 3 for messages, 8 for requests, 15 for handshakes)
  --quick           one round of one second behind one of warming up, and nothing measured cold
  --settle N        seconds in which idle connections lie before their memory is read (default 10, 2 with --quick)
  --json FILE       the figures of every round
`

/** Flags that make no sense. */
export class UsageError extends Error {
  override readonly name = 'UsageError'
}

/** @throws {UsageError} */
export function readOptions(args: readonly string[]): Options | 'help' {
  const { values } = parse(args)
  if (values.help === true) return 'help'
  const quick = values.quick === true
  const warm = positive('warm', values.warm, quick ? 1 : undefined)
  const seconds = positive('seconds', values.seconds, quick ? 1 : 1.5)
  return {
    only: values.only ?? [],
    peers: readPeers(values.peers),
    rounds: Math.ceil(positive('rounds', values.rounds, quick ? 1 : 3)),
    attempts: Math.ceil(positive('attempts', values.attempts, 4)),
    warmMs: warm === undefined ? undefined : warm * 1000,
    rewarmMs: 1000,
    coldMs: quick ? 0 : 2000,
    measureMs: seconds * 1000,
    settleMs: positive('settle', values.settle, quick ? 2 : 10) * 1000,
    json: values.json,
  }
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      options: {
        only: { type: 'string', multiple: true },
        peers: { type: 'string' },
        rounds: { type: 'string' },
        attempts: { type: 'string' },
        seconds: { type: 'string' },
        warm: { type: 'string' },
        settle: { type: 'string' },
        quick: { type: 'boolean' },
        json: { type: 'string' },
        help: { type: 'boolean' },
      },
    })
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error), { cause: error })
  }
}

function positive<T extends number | undefined>(
  name: string,
  text: string | undefined,
  unset: T,
): number | T {
  if (text === undefined) return unset
  const value = Number(text)
  if (value > 0 && Number.isFinite(value)) return value
  throw new UsageError(`--${name}: found ${text}, expected a number above 0`)
}

function readPeers(text: string | undefined): PeerName[] {
  const known = Object.keys(peers) as PeerName[]
  const others = known.filter((name) => name !== 'drawbridge')
  if (text === undefined) return others
  if (text === 'none') return []
  return text.split(',').map((name) => {
    const found = others.find((other) => other === name)
    if (found === undefined) {
      throw new UsageError(`--peers: found ${name}, expected ${others.join(', ')} or none`)
    }
    return found
  })
}
