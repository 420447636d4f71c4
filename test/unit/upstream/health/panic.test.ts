import { expect, test } from 'vitest'
import { Panic } from '../../../../src/upstream/health/panic.ts'
import { membersOf, ToldHealth } from '../made-members.ts'

test('a panic is told once when it begins and once when it ends', () => {
  const members = membersOf([1, 1, 1])
  const health = members.map((member) => (member.health = new ToldHealth()))
  const told: string[] = []
  const panic = new Panic((on, { up, ready }) => told.push(`${on} ${up}/${ready}`))
  for (const ups of ['111', '110', '100', '100', '000', '001', '011', '011', '111']) {
    health.forEach((one, at) => (one.up = ups[at] === '1'))
    panic.look(members, 0)
  }
  expect(told).toEqual(['true 1/3', 'false 2/3'])
})

test.each([
  [[1, 1], '10', false],
  [[1], '0', true],
  [[9, 1], '01', false],
  [[1, 1, 1, 1], '0011', false],
  [[1, 1, 1, 1], '0001', true],
  [[], '', false],
])('of servers that weigh %j, with %s of them up, it is a panic: %s', (weights, ups, expected) => {
  const members = membersOf(weights)
  for (const [at, member] of members.entries()) {
    const health = new ToldHealth()
    health.up = ups[at] === '1'
    member.health = health
  }
  expect(new Panic(() => undefined).look(members, 0)).toBe(expected)
})

test('servers that an operator has taken out do not count', () => {
  const members = membersOf([1, 1, 1])
  const health = new ToldHealth()
  health.up = false
  members[0]!.health = health
  members[1]!.mode = 'maintenance'
  const panic = new Panic(() => undefined)
  expect(panic.look(members, 0)).toBe(false)
  members[2]!.mode = 'drain'
  expect(panic.look(members, 0)).toBe(true)
})
