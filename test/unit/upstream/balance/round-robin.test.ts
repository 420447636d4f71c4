import { expect, test } from 'vitest'
import { leastConnections } from '../../../../src/upstream/balance/least-connections.ts'
import { roundRobin } from '../../../../src/upstream/balance/round-robin.ts'
import { membersOf, occupy } from '../made-members.ts'

test('the turns of a heavy member are spread between those of the others', () => {
  const members = membersOf([5, 1, 1])
  const turns = Array.from({ length: 14 }, () => members.indexOf(roundRobin.pick(members, '', 0)))
  expect(turns.join('')).toBe('00102000010200')
})

test('one that comes back has no turns to make up for', () => {
  const members = membersOf([1, 1, 1])
  const others = members.slice(1)
  for (let count = 0; count < 1_000; count++) roundRobin.pick(others, undefined, 0)
  const turns = Array.from({ length: 6 }, () => members.indexOf(roundRobin.pick(members, '', 0)))
  expect(turns.toSorted((one, other) => one - other).join('')).toBe('001122')
})

test('least-connections goes by what each has for its weight, with the next counted in', () => {
  const members = membersOf([2, 1])
  expect(leastConnections.pick(members, undefined, 0)).toBe(members[0])
  occupy(members[0]!, 2)
  expect(leastConnections.pick(members, undefined, 0)).toBe(members[1])
  occupy(members[1]!, 1)
  expect(leastConnections.pick(members, undefined, 0)).toBe(members[0])
})

test('those that have the same take turns under least-connections', () => {
  const members = membersOf([1, 1, 1])
  const turns = Array.from({ length: 6 }, () =>
    members.indexOf(leastConnections.pick(members, undefined, 0)),
  )
  expect(turns.join('')).toBe('012012')
})
