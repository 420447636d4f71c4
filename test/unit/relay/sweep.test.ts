import { expect, test } from 'vitest'
import { Sweep } from '../../../src/relay/sweep.ts'
import type { Swept } from '../../../src/relay/sweep.ts'

function swept(
  tick: (now: number) => void = () => undefined,
): Swept & { crashes: unknown[]; destroyed: number } {
  return {
    crashes: [],
    destroyed: 0,
    tick,
    crashed(thrown) {
      this.crashes.push(thrown)
    },
    destroy() {
      this.destroyed++
    },
  }
}

test('one whose tick throws is told, and the others are looked at', () => {
  const sweep = new Sweep()
  const bug = new Error('a bug')
  const seen: number[] = []
  const failing = swept(() => {
    throw bug
  })
  sweep.add(failing)
  sweep.add(swept((now) => seen.push(now)))
  sweep.tick(7)
  expect([failing.crashes, seen]).toEqual([[bug], [7]])
})

test('one that leaves during a tick is not looked at again', () => {
  const sweep = new Sweep()
  let looks = 0
  const leaving = swept(() => {
    looks++
    sweep.delete(entry)
  })
  const entry = sweep.add(leaving)
  sweep.tick(1)
  sweep.tick(2)
  expect([looks, sweep.size]).toEqual([1, 0])
})

test('looks by itself once started, with a clock that does not jump', async () => {
  const sweep = new Sweep(1)
  const before = performance.now()
  const now = new Promise<number>((resolve) => sweep.add(swept(resolve)))
  sweep.start()
  sweep.start()
  expect(await now).toBeGreaterThanOrEqual(before)
  sweep.stop()
})

test('looks behind all timers of a turn', async () => {
  const sweep = new Sweep(1)
  const order: string[] = []
  const looked = new Promise<void>((resolve) => {
    sweep.add(
      swept(() => {
        order.push('look')
        resolve()
      }),
    )
  })
  sweep.start()
  setTimeout(() => order.push('timer'), 1)
  const until = performance.now() + 5
  while (performance.now() < until); // Both are due in the next turn.
  await looked
  sweep.stop()
  expect(order).toEqual(['timer', 'look'])
})

test('stop ends what is left', () => {
  const sweep = new Sweep()
  const left = swept()
  sweep.add(left)
  sweep.start()
  sweep.stop()
  expect(left.destroyed).toBe(1)
})
