import { expect, test } from 'vitest'
import { median, medianSample, unmeasured } from '../../../bench/measure/sample.ts'
import type { Sample } from '../../../bench/measure/sample.ts'
import type { PeerName } from '../../../bench/peers.ts'
import { ratio, verdicts } from '../../../bench/verdict.ts'
import { works } from '../../../bench/works.ts'
import type { Work } from '../../../bench/works.ts'

function work(name: string): Work {
  return works.find((one) => one.name === name)!
}

function medians(
  figures: Partial<Record<PeerName, Partial<Sample>>>,
): ReadonlyMap<PeerName, Sample> {
  return new Map(
    Object.entries(figures).map(([name, sample]) => [
      name as PeerName,
      { ...unmeasured, ...sample },
    ]),
  )
}

test('a ratio is our CPU time divided by the peer’s', () => {
  const both = medians({ drawbridge: { cpuUs: 30 }, haproxy: { cpuUs: 20 } })
  expect(ratio(work('ws relay, 64 B x1'), both, 'haproxy')).toBe(1.5)
})

test('a goal is met up to its own value, as far as it is printed', () => {
  const judge = (ours: number): (boolean | undefined)[] =>
    verdicts(
      work('ws relay, 64 B x16'),
      medians({ drawbridge: { cpuUs: ours }, haproxy: { cpuUs: 10 } }),
    ).map(({ isMet }) => isMet)
  expect(judge(10)).toEqual([true])
  expect(judge(10.04)).toEqual([true])
  expect(judge(10.06)).toEqual([false])
})

test('a goal against a peer that was not measured is neither met nor missed', () => {
  const alone = medians({ drawbridge: { cpuUs: 10 } })
  expect(verdicts(work('ws relay, 64 B x16'), alone)).toEqual([
    { peer: 'haproxy', text: '≤ 1', isMet: undefined },
  ])
})

test('memory is judged by itself and against a peer', () => {
  const kib = (connection: number): Partial<Sample> => ({ connectionBytes: connection * 1024 })
  const judge = (ours: number): (boolean | undefined)[] =>
    verdicts(work('memory, idle ws'), medians({ drawbridge: kib(ours), nginx: kib(13) })).map(
      ({ isMet }) => isMet,
    )
  expect(judge(12)).toEqual([true, true])
  expect(judge(13.5)).toEqual([true, false])
  expect(judge(15)).toEqual([false, false])
})

test('the median is the one in the middle, of each figure by itself', () => {
  expect(median([3, 1, 2])).toBe(2)
  expect(median([4, 1, 3, 2])).toBe(2)
  expect(median([])).toBeNaN()
  const rounds = [
    { ...unmeasured, cpuUs: 1, p99Us: 9 },
    { ...unmeasured, cpuUs: 5, p99Us: 7 },
    { ...unmeasured, cpuUs: 3, p99Us: 8 },
  ]
  expect(medianSample(rounds)).toMatchObject({ cpuUs: 3, p99Us: 8, units: Number.NaN })
})
