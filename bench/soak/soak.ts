import type { Socket } from 'node:net'
import { Random } from '../../test/support/random.ts'
import { Arena } from './arena.ts'
import type { GatewayOptions, GatewayProcess, Left } from './gateway-process.ts'
import { makeLanes } from './lanes.ts'
import type { Lane } from './lanes.ts'
import { PayloadSource } from './payload.ts'
import { Peer } from './peer.ts'
import type { Pace } from './peer.ts'
import { endings, runSession } from './session.ts'
import type { Ending } from './session.ts'

export interface SoakOptions extends GatewayOptions {
  readonly seed: number
  readonly forMs: number
  /** Sessions at once; all kinds are among eight. */
  readonly lanes: number
  /** Of one message, at most; an end says up to four times as much. */
  readonly largestBytes: number
  /** `mixed`: some at once, some with pauses. */
  readonly readers: 'mixed' | 'slow'
}

/** What has been done so far. */
export interface Totals {
  sessions: number
  /** Payload that has arrived, of both directions. */
  bytes: number
  readonly byEnding: Record<Ending, number>
  readonly byKind: Record<string, number>
  /** Bytes or frames that were lost, changed or reordered, and sessions that did not end. */
  mismatches: number
  /** What the gateway had open when all sessions were over. */
  left: Left | undefined
  /** All that must not be: mismatches, a crash, what was left open, the gateway's own faults. */
  readonly wrong: string[]
}

/** No session takes so long, however slow its readers are. */
const stuckMs = 120_000
const maxWrong = 20

/** Stops at once, for long enough for the kernel to be full, which takes megabytes. */
const slow: Pace = { stops: 1, forMs: 1_500, totalMs: 1_500 }
const mixed: readonly Pace[] = [
  { stops: 0, forMs: 0, totalMs: 0 },
  { stops: 0.1, forMs: 2_000, totalMs: 4_000 },
  { stops: 0.5, forMs: 8, totalMs: 1_500 },
  slow,
]

/**
 * Sessions of all kinds one after the other on each lane, for so long, at least one. Each has a seed of its own,
 * made of its number.
 * @param began is told of what will be counted, so that it can be looked at meanwhile
 * @returns when the gateway has stopped
 */
export async function soak(
  options: SoakOptions,
  began: (totals: Totals, gateway: GatewayProcess) => void = () => undefined,
): Promise<Totals> {
  const { seed, forMs } = options
  const lanes = makeLanes(options.lanes)
  const totals: Totals = {
    sessions: 0,
    bytes: 0,
    byEnding: Object.fromEntries(endings.map((ending) => [ending, 0])) as Record<Ending, number>,
    byKind: {},
    mismatches: 0,
    left: undefined,
    wrong: [],
  }
  const arena = await Arena.start(lanes, options)
  const { gateway } = arena
  began(totals, gateway)
  const until = performance.now() + forMs
  let number = 0
  const work = async (lane: Lane, index: number): Promise<void> => {
    do {
      const own = seed + number++
      try {
        await oneSession(arena, lane, index, new Random(own), options, totals)
      } catch (error) {
        totals.wrong.push(`seed ${own}: ${String(error)}`)
      }
    } while (performance.now() < until && gateway.running && totals.wrong.length < maxWrong)
  }
  await Promise.all(lanes.map(work))
  if (gateway.running) {
    totals.left = await gateway.left()
    if (Object.values(totals.left).some((count) => count > 0))
      totals.wrong.push('something is left')
  }
  const ended = await arena.stop()
  if (!ended.includes('ended with 0')) totals.wrong.push(ended)
  totals.wrong.push(...gateway.faults.slice(0, maxWrong))
  return totals
}

async function oneSession(
  arena: Arena,
  lane: Lane,
  index: number,
  random: Random,
  { largestBytes, readers }: SoakOptions,
  totals: Totals,
): Promise<void> {
  const ending = random.pick(endings)
  const { kind, listener } = lane
  const sockets = await arena.open(index)
  const [up, down] = [new PayloadSource(random), new PayloadSource(random)]
  const peer = (socket: Socket, own: PayloadSource, other: PayloadSource): Peer => {
    const masked = socket === sockets.client
    const kept = kind === 'relay'
    const dialect = { framed: masked || kept, masked, kept, largestBytes }
    const each = new Random(random.int(0, 2 ** 31))
    return new Peer(socket, dialect, own, other, each, {
      ...(readers === 'slow' ? slow : random.pick(mixed)),
    })
  }
  const began = performance.now()
  const client = peer(sockets.client, up, down)
  const upstream = peer(sockets.upstream, down, up)
  const most = 4 * largestBytes
  const share = (): number => (readers === 'slow' || random.next() < 0.3 ? most : random.size(most))
  let stuck: string | undefined
  const late = setTimeout(() => {
    stuck = `it did not end: client ${client.state}, upstream ${upstream.state}`
    sockets.client.destroy()
    sockets.upstream.destroy()
  }, stuckMs)
  const faults = await runSession({ kind, client, upstream }, ending, share, random)
  clearTimeout(late)
  if (stuck !== undefined) faults.push(stuck)
  const name = `${listener} ${kind}`
  totals.sessions++
  totals.bytes += client.check.bytes + upstream.check.bytes
  totals.byEnding[ending]++
  totals.byKind[name] = (totals.byKind[name] ?? 0) + 1
  totals.mismatches += faults.length
  if (faults.length === 0) return
  const seconds = ((performance.now() - began) / 1000).toFixed(0)
  throw new Error(`${name}, ${ending}, after ${seconds} s: ${faults.join('; ')}`)
}
