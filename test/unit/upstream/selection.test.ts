import { expect, test } from 'vitest'
import type { Member, MemberMode } from '../../../src/upstream/member.ts'
import { Panic } from '../../../src/upstream/health/panic.ts'
import { Selection } from '../../../src/upstream/selection.ts'
import type { Choice } from '../../../src/upstream/selection.ts'
import { Sticky } from '../../../src/upstream/sticky.ts'
import { membersOf, occupy, ToldHealth } from './made-members.ts'
import { anyone, asks } from './upstreams.ts'

function selectionOf(members: readonly Member[], sticky?: Sticky): Selection {
  const selection = new Selection('round-robin', sticky, new Panic(() => undefined))
  selection.members = members
  sticky?.know(members)
  return selection
}

function markDown(...members: Member[]): void {
  for (const member of members) {
    const health = new ToldHealth()
    health.up = false
    member.health = health
  }
}

/** All that are chosen, by their position. */
function chosen(selection: Selection, members: readonly Member[], facts = anyone): string {
  const found = new Set<Choice>()
  for (let count = 0; count < 12; count++) found.add(selection.choose(facts, [], 0))
  return [...found]
    .map((choice) => (typeof choice === 'string' ? choice : String(members.indexOf(choice))))
    .toSorted((one, other) => (one < other ? -1 : 1))
    .join('')
}

test('those that are down are passed over', () => {
  const members = membersOf([1, 1, 1])
  markDown(members[1]!)
  expect(chosen(selectionOf(members), members)).toBe('02')
})

test.each([
  [2, 1, 'half of them is up', '1'],
  [4, 2, 'half of them is up', '23'],
  [3, 2, 'less than half is up', '012'],
  [4, 3, 'less than half is up', '0123'],
  [1, 1, 'none is up', '0'],
  [3, 3, 'none is up', '012'],
])('of %i, %i down: %s', (count, down, _, left) => {
  const members = membersOf(Array.from({ length: count }, () => 1))
  markDown(...members.slice(0, down))
  expect(chosen(selectionOf(members), members)).toBe(left)
})

test('those that an operator took out do not count for a panic', () => {
  const members = membersOf([1, 1, 1, 1])
  members[0]!.mode = 'drain'
  members[1]!.mode = 'maintenance'
  markDown(members[2]!)
  expect(chosen(selectionOf(members), members)).toBe('3')
})

test.each<MemberMode>(['drain', 'maintenance'])('where all are in %s there is none', (mode) => {
  const members = membersOf([1, 1])
  for (const member of members) member.mode = mode
  expect(selectionOf(members).choose(anyone, [], 0)).toBe('none')
})

test('full ones are passed over, and where there is no other that is told apart', () => {
  const members = membersOf([1, 1], 1)
  const selection = selectionOf(members)
  const [lease] = occupy(members[0]!)
  expect(chosen(selection, members)).toBe('1')
  occupy(members[1]!)
  expect(selection.choose(anyone, [], 0)).toBe('full')
  expect(selection.choose(anyone, members, 0)).toBe('none')
  lease!.release()
  expect(selection.choose(anyone, [], 0)).toBe(members[0])
})

test('one that was tried is not chosen again', () => {
  const members = membersOf([1, 1, 1])
  const selection = selectionOf(members)
  expect(selection.choose(anyone, [members[0]!, members[2]!], 0)).toBe(members[1])
})

test.each<[state: string, change: (member: Member) => void, bound: boolean]>([
  ['ready', () => undefined, true],
  ['in drain', (member) => (member.mode = 'drain'), true],
  ['in maintenance', (member) => (member.mode = 'maintenance'), false],
  ['down', (member) => markDown(member), false],
  ['full', (member) => occupy(member, 5), false],
])('who is bound to one that is %s', (_, change, bound) => {
  const members = membersOf([1, 1, 1], 5)
  const sticky = new Sticky({ cookie: 'seat', sameSite: 'lax' }, 'app')
  const selection = selectionOf(members, sticky)
  const [cookie] = sticky.cookieFor(anyone, members[1]!)!.split(';')
  change(members[1]!)
  expect(chosen(selection, members, asks(['Cookie', cookie!]))).toBe(bound ? '1' : '02')
})

test('what was tried is not tried again because of a cookie', () => {
  const members = membersOf([1, 1])
  const sticky = new Sticky({ cookie: 'seat', sameSite: 'lax' }, 'app')
  const selection = selectionOf(members, sticky)
  const [cookie] = sticky.cookieFor(anyone, members[1]!)!.split(';')
  expect(selection.choose(asks(['Cookie', cookie!]), [members[1]!], 0)).toBe(members[0])
})
