import { expect, test } from 'vitest'
import { rendezvous } from '../../../../src/upstream/balance/rendezvous.ts'
import type { Member } from '../../../../src/upstream/member.ts'
import { distance, membersOf, ToldHealth } from '../made-members.ts'

const keys = Array.from({ length: 100_000 }, (_, count) => `session-${count}`)

function homes(members: readonly Member[]): Member[] {
  return keys.map((key) => rendezvous.pick(members, key, 0))
}

test('the same key has the same home, whatever the order of the members', () => {
  const members = membersOf([1, 2, 3, 4])
  const turned = members.toReversed()
  expect(homes(turned)).toEqual(homes(members))
})

test('a key has the same home in another process', () => {
  const members = membersOf([1, 1, 1])
  const found = keys.slice(0, 8).map((key) => rendezvous.pick(members, key, 0).key.at(-6))
  expect(found.join('')).toMatchInlineSnapshot(`"13222222"`)
})

test.each([
  ['of equal members', [1, 1, 1, 1, 1]],
  ['of members that differ in weight', [1, 2, 3, 4, 5]],
])('a lost one %s moves its own keys only, and they spread by weight', (_, weights) => {
  const members = membersOf(weights)
  const before = homes(members)
  const lost = members[2]!
  const left = members.filter((member) => member !== lost)
  const after = homes(left)
  const moved = keys.filter((_key, at) => before[at] !== after[at]).length
  const own = before.filter((member) => member === lost).length
  expect(moved).toBe(own)
  const heirs = left.map(
    (heir) => after.filter((member, at) => member === heir && before[at] === lost).length / own,
  )
  const leftWeights = weights.filter((_weight, at) => at !== 2)
  expect(distance(heirs, leftWeights)).toBeLessThan(0.05)
  // And they come home with it.
  expect(homes(members)).toEqual(before)
})

test('a new one takes keys from all, and none moves between the others', () => {
  const members = membersOf([1, 1, 1, 1])
  const before = homes(members.slice(0, 3))
  const after = homes(members)
  const strayed = keys.filter((_, at) => before[at] !== after[at] && after[at] !== members[3])
  expect(strayed).toEqual([])
  expect(after.filter((member) => member === members[3]).length / keys.length).toBeCloseTo(0.25, 2)
})

test('a greater weight takes keys from the others, and moves none between them', () => {
  const members = membersOf([1, 1, 1])
  const before = homes(members)
  const heavy = members[0]!
  heavy.configure({ key: heavy.key, server: heavy.server, weight: 2, maxConnections: Infinity })
  const after = homes(members)
  const strayed = keys.filter((_, at) => before[at] !== after[at] && after[at] !== heavy)
  expect(strayed).toEqual([])
  expect(after.filter((member) => member === heavy).length / keys.length).toBeCloseTo(0.5, 2)
})

test('in a slow start only a part of its keys come home', () => {
  const members = membersOf([1, 1])
  const before = homes(members)
  const health = new ToldHealth()
  health.weightShare = 0.1
  members[0]!.health = health
  const after = homes(members)
  const home = after.filter((member) => member === members[0]).length
  expect(home / keys.length).toBeCloseTo(0.1 / 1.1, 2)
  expect(keys.filter((_, at) => after[at] === members[0] && before[at] !== members[0])).toEqual([])
})
