import { getHeapSpaceStatistics, setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { expect, test } from 'vitest'
import { Roster } from '../../src/roster.ts'
import { makeAllYoung } from '../../src/runtime/pretenuring.ts'

function named(roster: Roster<{ name: string }>): string[] {
  const names: string[] = []
  roster.forEach(({ name }) => names.push(name))
  return names
}

test('has those who have entered and not left, in that order', () => {
  const roster = new Roster<{ name: string }>()
  const first = roster.enter({ name: 'a' })
  roster.enter({ name: 'b' })
  roster.enter({ name: 'c' })
  roster.leave(first)
  roster.leave(first)
  expect([roster.size, named(roster)]).toEqual([2, ['b', 'c']])
})

test('who leaves while others are called is not called, who enters is', () => {
  const roster = new Roster<{ name: string }>()
  const called: string[] = []
  roster.enter({ name: 'a' })
  const leaving = roster.enter({ name: 'b' })
  roster.forEach(({ name }) => {
    called.push(name)
    if (name !== 'a') return
    roster.leave(leaving)
    roster.enter({ name: 'c' })
  })
  expect(called).toEqual(['a', 'c'])
})

test('what has left is collected with the young, however long the roster is there', () => {
  // As in the gateway: V8 may have seen other tests keep arrays for long, and make these old at once.
  makeAllYoung()
  setFlagsFromString('--expose-gc')
  const collect = runInNewContext('gc') as (options?: { type: 'minor' }) => void
  const roster = new Roster<{ held: number[][] }>()
  const present: ReturnType<typeof roster.enter>[] = []
  function turn(count: number): void {
    for (let i = 0; i < count; i++) {
      // Some 10 KB, and no more than 50 of them at once.
      const held = Array.from({ length: 100 }, () => Array.from({ length: 9 }, () => i))
      present.push(roster.enter({ held }))
      if (present.length > 50) roster.leave(present.shift()!)
      if (i % 500 === 0) collect({ type: 'minor' })
    }
  }
  turn(1_000)
  collect() // Its table is old from now on.
  const before = oldBytes()
  turn(4_000)
  expect(oldBytes() - before).toBeLessThan(8_000_000)
})

function oldBytes(): number {
  const old = getHeapSpaceStatistics().find(({ space_name: name }) => name === 'old_space')
  return old?.space_used_size ?? 0
}
