import { expect, test } from 'vitest'
import { Wakeups } from '../../../src/relay/wakeups.ts'

test('asks each sleeper until it waits no longer', () => {
  const wakeups = new Wakeups()
  const asked: string[] = []
  const sleeper = (name: string, until: number) => ({
    wake(now: number) {
      asked.push(`${name} ${now}`)
      return now >= until
    },
  })
  wakeups.add(sleeper('a', 1))
  wakeups.add(sleeper('b', 2))
  for (const now of [1, 2, 3]) wakeups.tick(now)
  expect(asked).toEqual(['a 1', 'b 1', 'b 2'])
  expect(wakeups.size).toBe(0)
})

test('looks by itself while somebody waits, and again when somebody comes back', async () => {
  const wakeups = new Wakeups()
  for (let round = 0; round < 2; round += 1) {
    const started = performance.now()
    const woken = await new Promise<number>((resolve) => {
      wakeups.add({
        wake(now) {
          if (now - started < 25) return false
          resolve(now)
          return true
        },
      })
    })
    expect(woken - started).toBeGreaterThanOrEqual(25)
  }
  expect(wakeups.size).toBe(0)
})

test('a stop wakes nobody', () => {
  const wakeups = new Wakeups()
  wakeups.add({
    wake() {
      throw new Error('woken')
    },
  })
  wakeups.stop()
  expect(() => wakeups.tick(1)).not.toThrow()
})
