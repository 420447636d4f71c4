import { expect, test } from 'vitest'
import { churn } from '../../bench/soak/churn.ts'
import { soak } from '../../bench/soak/soak.ts'

const timeout = 90_000
const seed = 20_261_124
/** Often enough for memory that is let go of too early to be somebody else's soon. */
const collectEveryMs = 20

test('sessions of all kinds and endings lose and reorder nothing', { timeout }, async () => {
  const totals = await soak({
    seed,
    forMs: 3_000,
    lanes: 8,
    largestBytes: 200_000,
    readers: 'mixed',
    collectEveryMs,
  })
  expect(totals.wrong).toEqual([])
  const kinds = ['ws bridge', 'ws relay', 'wss bridge', 'wss relay']
  expect(Object.keys(totals.byKind).sort()).toEqual(kinds)
})

test('readers so slow that the kernel is full lose and reorder nothing', { timeout }, async () => {
  const slow = { readers: 'slow', largestBytes: 2_000_000, lanes: 8 } as const
  const totals = await soak({ ...slow, seed, forMs: 0, collectEveryMs })
  expect(totals.wrong).toEqual([])
  expect(totals.sessions).toBe(slow.lanes)
})

test('connections that come, are used and go leave nothing behind', { timeout }, async () => {
  const rounds = await churn({ connections: 300, rounds: 3 })
  expect(rounds.map(({ socketsOpen }) => socketsOpen)).toEqual([0, 600, 600, 600])
  for (const { left } of rounds) expect(left).toEqual({ sessions: 0, connections: 0, sockets: 0 })
})
