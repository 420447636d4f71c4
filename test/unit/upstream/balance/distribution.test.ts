import { describe, expect, test } from 'vitest'
import type { Balancer } from '../../../../src/upstream/balance/balancer.ts'
import { leastConnections } from '../../../../src/upstream/balance/least-connections.ts'
import { randomTwo } from '../../../../src/upstream/balance/random-two.ts'
import { rendezvous } from '../../../../src/upstream/balance/rendezvous.ts'
import { roundRobin } from '../../../../src/upstream/balance/round-robin.ts'
import type { MemberLease } from '../../../../src/upstream/lease.ts'
import { Random } from '../../../support/random.ts'
import { distance, membersOf, occupy, sharesOf } from '../made-members.ts'

const picks = 100_000
/** Chance itself strays: a fifth of 100,000 has a standard deviation of 0.6 %. */
function drawn(): Balancer {
  const random = new Random(1)
  return randomTwo(() => random.next())
}

const pools: readonly [name: string, weights: readonly number[]][] = [
  ['two', [1, 1]],
  ['five', [1, 1, 1, 1, 1]],
  ['three of different weight', [1, 2, 3]],
  ['one heavy among light ones', [5, 2, 2, 1]],
]

describe.each<[name: string, made: () => Balancer, key: (count: number) => string | undefined]>([
  ['round-robin', () => roundRobin, () => undefined],
  ['random-two', drawn, () => undefined],
  ['hash of client addresses', () => rendezvous, (count) => `10.1.${count >> 8}.${count & 255}`],
  ['hash of numbers', () => rendezvous, String],
  ['hash without a key', () => rendezvous, () => undefined],
])('%s', (_, made, key) => {
  test.each(pools)('gives each of %s its share of 100,000 picks within 2 %%', (_name, weights) => {
    const balancer = made()
    const members = membersOf(weights)
    const shares = sharesOf(members, picks, (count) => balancer.pick(members, key(count), 0))
    expect(distance(shares, weights)).toBeLessThan(0.02)
  })
})

describe.each([
  ['least-connections', () => leastConnections, 0.002],
  ['random-two', drawn, 0.02],
])('%s with what was picked in progress', (_, made, most) => {
  test.each(pools)('gives each of %s its share of 100,000 picks', (_name, weights) => {
    const balancer = made()
    const members = membersOf(weights)
    const shares = sharesOf(members, picks, () => {
      const member = balancer.pick(members, undefined, 0)
      occupy(member)
      return member
    })
    expect(distance(shares, weights)).toBeLessThan(most)
  })
})

/**
 * Sessions come and end, one in ten of them a hundred times as long as the others, and some member
 * gets more of the long ones by chance: what is looked at is how many each has in progress.
 */
function furthestApart(balancer: Balancer): number {
  const members = membersOf([1, 1, 1, 1])
  const lengths = new Random(6)
  const ends = new Map<number, MemberLease[]>()
  let furthest = 0
  for (let time = 0; time < picks; time++) {
    for (const lease of ends.get(time) ?? []) lease.release()
    ends.delete(time)
    const [lease] = occupy(balancer.pick(members, undefined, 0))
    const end = time + (lengths.next() < 0.1 ? 10_000 : 100)
    ends.set(end, [...(ends.get(end) ?? []), lease!])
    const live = members.map((member) => member.live)
    if (time > 20_000) furthest = Math.max(furthest, Math.max(...live) - Math.min(...live))
  }
  return furthest
}

test('least-connections stays even while sessions differ in length, where taking turns does not', () => {
  expect(furthestApart(leastConnections)).toBeLessThanOrEqual(3)
  expect(furthestApart(roundRobin)).toBeGreaterThan(20)
})
