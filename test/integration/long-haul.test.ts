import { expect, test } from 'vitest'
import { churn } from '../../bench/soak/churn.ts'
import { soak } from '../../bench/soak/soak.ts'

const timeout = 60_000

test(
  'sessions of all kinds and endings lose and reorder nothing, with the garbage collected all the time',
  { timeout },
  async () => {
    const totals = await soak({
      seed: 20_261_124,
      forMs: 3_000,
      lanes: 8,
      largestBytes: 500_000,
      collectEveryMs: 20,
    })
    expect(totals.wrong).toEqual([])
    expect(Object.keys(totals.byKind).sort()).toEqual([
      'ws bridge',
      'ws relay',
      'wss bridge',
      'wss relay',
    ])
    expect(totals.bytes).toBeGreaterThan(0)
  },
)

test('connections that come, are used and go leave nothing behind', { timeout }, async () => {
  const rounds = await churn({ connections: 300, rounds: 3 })
  expect(rounds.map(({ socketsOpen }) => socketsOpen)).toEqual([0, 600, 600, 600])
  for (const { left } of rounds) expect(left).toEqual({ sessions: 0, connections: 0, sockets: 0 })
})
