import { expect, test } from 'vitest'
import { Wakeups } from '../../../src/relay/wakeups.ts'
import type { Sleeper } from '../../../src/relay/wakeups.ts'

function sleeper(wake: Sleeper['wake']): Sleeper & { crashes: unknown[] } {
  return {
    crashes: [],
    wake,
    crashed(thrown) {
      this.crashes.push(thrown)
    },
  }
}

test('asks each sleeper until it waits no longer', () => {
  const wakeups = new Wakeups()
  const asked: string[] = []
  const until = (name: string, end: number): Sleeper =>
    sleeper((now) => {
      asked.push(`${name} ${now}`)
      return now >= end
    })
  wakeups.add(until('a', 1))
  wakeups.add(until('b', 2))
  for (const now of [1, 2, 3]) wakeups.tick(now)
  expect(asked).toEqual(['a 1', 'b 1', 'b 2'])
  expect(wakeups.size).toBe(0)
})

test('looks by itself while somebody waits, and again when somebody comes back', async () => {
  const wakeups = new Wakeups()
  for (let round = 0; round < 2; round += 1) {
    const started = performance.now()
    const woken = await new Promise<number>((resolve) => {
      wakeups.add(
        sleeper((now) => {
          if (now - started < 25) return false
          resolve(now)
          return true
        }),
      )
    })
    expect(woken - started).toBeGreaterThanOrEqual(25)
  }
  expect(wakeups.size).toBe(0)
})

test('a stop wakes nobody', () => {
  const wakeups = new Wakeups()
  const woken: number[] = []
  wakeups.add(sleeper((now) => woken.push(now) > 0))
  wakeups.stop()
  wakeups.tick(1)
  expect(woken).toEqual([])
})

test('one whose wake throws is told and not asked again, and the others are woken', () => {
  const wakeups = new Wakeups()
  const bug = new Error('a bug')
  const seen: number[] = []
  const failing = sleeper(() => {
    throw bug
  })
  wakeups.add(failing)
  wakeups.add(sleeper((now) => seen.push(now) > 1))
  for (const now of [1, 2]) wakeups.tick(now)
  expect([failing.crashes, seen, wakeups.size]).toEqual([[bug], [1, 2], 0])
})
