import type { Member, MemberMode } from './member.ts'

/** One server of a pool at one moment. */
export interface ServerReport {
  /** Its URL as the configuration writes it, with the address where it has several. */
  readonly server: string
  readonly mode: MemberMode
  /** Neither marked down nor ejected. */
  readonly up: boolean
  /** Its share of what comes, relative to the others’; less in a slow start. */
  readonly weight: number
  /** Sessions, requests and dials in progress. */
  readonly live: number
  /** How often it was chosen. */
  readonly picks: number
  readonly connectFailures: number
  readonly checksPassed: number
  readonly checksFailed: number
  readonly ejections: number
}

export interface PoolReport {
  /** The pool's name in the configuration. */
  readonly upstream: string
  readonly servers: readonly ServerReport[]
  /** How many wait for a place. */
  readonly waiting: number
  /** Health decides nothing: fewer than half of the servers are up, and all are used. */
  readonly panic: boolean
}

export function reportPool(
  upstream: string,
  members: readonly Member[],
  { waiting, panic }: Pick<PoolReport, 'waiting' | 'panic'>,
): PoolReport {
  const now = performance.now()
  const servers = members.map((member) => ({
    server: member.key,
    mode: member.mode,
    up: member.health.isUp(now),
    weight: member.weight(now),
    live: member.live,
    picks: member.picks,
    connectFailures: member.connectFailures,
    checksPassed: member.checksPassed,
    checksFailed: member.checksFailed,
    ejections: member.ejections,
  }))
  return { upstream, servers, waiting, panic }
}
