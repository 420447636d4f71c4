import { parseServer } from '../../../src/config/server-url.ts'
import { MemberLease } from '../../../src/upstream/lease.ts'
import { Member } from '../../../src/upstream/member.ts'
import type { MemberHealth } from '../../../src/upstream/member.ts'

/** One member for each weight: `http://10.0.0.1:9001` and on. */
export function membersOf(weights: readonly number[], maxConnections = Infinity): Member[] {
  return weights.map((weight, at) => {
    const url = `http://10.0.0.${at + 1}:9001`
    return new Member({ key: url, server: parseServer(url)!, weight, maxConnections })
  })
}

/** Takes places on a member. */
export function occupy(member: Member, places = 1): MemberLease[] {
  return Array.from({ length: places }, () => new MemberLease(member, () => undefined))
}

/** A health that is what it is told to be. */
export class ToldHealth implements MemberHealth {
  up = true
  weightShare = 1
  failing = false
  stopped = false
  readonly reports: string[] = []

  isUp(): boolean {
    return this.up
  }

  share(): number {
    return this.weightShare
  }

  connected(): void {
    this.reports.push('connected')
  }

  connectFailed(): void {
    this.reports.push('failed')
  }

  stop(): void {
    this.stopped = true
  }
}

/** How often each was picked, as shares of all picks that add up to 1. */
export function sharesOf(
  members: readonly Member[],
  picks: number,
  pick: (count: number) => Member,
): number[] {
  const counts = new Map<Member, number>()
  for (let count = 0; count < picks; count++) {
    const member = pick(count)
    counts.set(member, (counts.get(member) ?? 0) + 1)
  }
  return members.map((member) => (counts.get(member) ?? 0) / picks)
}

/** The largest relative distance of shares from what the weights promise. */
export function distance(shares: readonly number[], weights: readonly number[]): number {
  const total = weights.reduce((sum, weight) => sum + weight, 0)
  return Math.max(...shares.map((share, at) => Math.abs((share * total) / weights[at]! - 1)))
}
