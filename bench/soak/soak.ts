import type { Socket } from 'node:net'
import { Random } from '../../test/support/random.ts'
import { Arena } from './arena.ts'
import type { Lane } from './arena.ts'
import type { GatewayOptions, GatewayProcess } from './gateway-process.ts'
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
}

/** What has been done so far. Whatever is in `wrong` must not be. */
export interface Totals {
  sessions: number
  /** Payload that has arrived, of both directions. */
  bytes: number
  readonly byEnding: Record<Ending, number>
  readonly byKind: Record<string, number>
  readonly wrong: string[]
}

/** No session takes so long, however slow its readers are. */
const stuckMs = 120_000
const maxWrong = 20

const routeLimits = [
  {},
  { buffer: '4KiB' },
  { buffer: '16KiB', byteRate: '32MiB/s', messageRate: '4000/s' },
  { buffer: '512KiB' },
]

const paces: readonly Pace[] = [
  { stops: 0, forMs: 0, totalMs: 0 },
  { stops: 0.01, forMs: 200, totalMs: 1_500 },
  { stops: 0.5, forMs: 8, totalMs: 1_500 },
]

/**
 * Sessions of all kinds one after the other on each lane, for so long. Each has a seed of its own,
 * made of its number.
 * @param began is told of what will be counted, so that it can be looked at meanwhile
 * @returns with the gateway stopped; what was left open in it is in `wrong`
 */
export async function soak(
  options: SoakOptions,
  began: (totals: Totals, gateway: GatewayProcess) => void = () => undefined,
): Promise<Totals> {
  const lanes = Array.from({ length: options.lanes }, (_, i) => laneOf(i))
  const totals: Totals = {
    sessions: 0,
    bytes: 0,
    byEnding: Object.fromEntries(endings.map((ending) => [ending, 0])) as Record<Ending, number>,
    byKind: {},
    wrong: [],
  }
  const arena = await Arena.start(lanes, options)
  const { gateway } = arena
  began(totals, gateway)
  const until = performance.now() + options.forMs
  let crash: string | undefined
  void gateway.ended.then((how) => (crash = how))
  let number = 0
  await Promise.all(
    lanes.map(async (lane, index) => {
      while (performance.now() < until && crash === undefined && totals.wrong.length < maxWrong) {
        const seed = options.seed + number++
        try {
          await oneSession(arena, lane, index, seed, totals)
        } catch (error) {
          if (crash === undefined) totals.wrong.push(`seed ${seed}: ${String(error)}`)
        }
      }
    }),
  )
  if (crash !== undefined) totals.wrong.push(crash)
  else totals.wrong.push(...(await leftIn(gateway)))
  const ended = await arena.stop()
  if (crash === undefined && !ended.includes('ended with 0')) totals.wrong.push(ended)
  totals.wrong.push(...gateway.faults.slice(0, maxWrong))
  return totals
}

async function oneSession(
  arena: Arena,
  lane: Lane,
  index: number,
  seed: number,
  totals: Totals,
): Promise<void> {
  const random = new Random(seed)
  const ending = random.pick(endings)
  const { kind, listener } = lane
  const sockets = await arena.open(index)
  const [up, down] = [new PayloadSource(random), new PayloadSource(random)]
  const peer = (socket: Socket, own: PayloadSource, other: PayloadSource): Peer => {
    const masked = socket === sockets.client
    const dialect = { framed: masked || kind === 'relay', masked, kept: kind === 'relay' }
    const each = new Random(random.int(0, 2 ** 31))
    return new Peer(socket, dialect, own, other, each, { ...random.pick(paces) })
  }
  const client = peer(sockets.client, up, down)
  const upstream = peer(sockets.upstream, down, up)
  const late = setTimeout(() => {
    totals.wrong.push(`seed ${seed}: ${listener} ${kind}, ${ending}: does not end`)
    sockets.client.destroy()
    sockets.upstream.destroy()
  }, stuckMs)
  const faults = await runSession({ kind, client, upstream }, ending, random)
  clearTimeout(late)
  totals.sessions++
  totals.bytes += client.check.bytes + upstream.check.bytes
  totals.byEnding[ending]++
  const name = `${listener} ${kind}`
  totals.byKind[name] = (totals.byKind[name] ?? 0) + 1
  totals.wrong.push(...faults.map((fault) => `seed ${seed}: ${name}, ${ending}: ${fault}`))
}

/** What a gateway still has when everybody has left it; it may take a moment to see that. */
async function leftIn(gateway: GatewayProcess): Promise<string[]> {
  let left: string[] = []
  for (let tries = 0; tries < 50; tries++) {
    const [sessions, connections] = [
      await gateway.metric('sessions_open'),
      await gateway.metric('connections_open'),
    ]
    const sockets = gateway.openSockets
    if (sessions === 0 && connections === 0 && sockets === 0) return []
    left = [`left open: ${sessions} sessions, ${connections} connections, ${sockets} sockets`]
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
  return left
}

/** All four kinds, each with TLS to the upstream and without; limits differ from eight to eight. */
function laneOf(index: number): Lane {
  return {
    kind: index % 2 === 0 ? 'relay' : 'bridge',
    listener: index % 4 < 2 ? 'ws' : 'wss',
    secureUpstream: index % 8 >= 4,
    limits: routeLimits[Math.floor(index / 8 + index) % routeLimits.length]!,
  }
}
