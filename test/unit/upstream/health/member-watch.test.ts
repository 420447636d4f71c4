import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { MemberWatch } from '../../../../src/upstream/health/member-watch.ts'
import type { HealthChange, WatchOptions } from '../../../../src/upstream/health/member-watch.ts'
import { membersOf } from '../made-members.ts'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

const failure = new Error('refused')

/** A member that is checked every 100 ms, and ejected for 1 s after two failed connects. */
class Watched {
  readonly changes: HealthChange[] = []
  /** What its checks come to from now on. */
  isWell = true
  readonly member = membersOf([1])[0]!
  watch: MemberWatch

  constructor(options: Partial<WatchOptions> = {}) {
    this.watch = this.#watch(options)
  }

  /** By another configuration. */
  reload(options: Partial<WatchOptions> = {}): void {
    this.watch.stop()
    this.watch = this.#watch(options, this.watch)
  }

  failConnects(count: number): void {
    for (let done = 0; done < count; done++) this.watch.connectFailed(performance.now(), failure)
  }

  get told(): string[] {
    return this.changes.map(({ up, reason }) => `${up ? 'up' : 'down'}: ${reason}`)
  }

  #watch(options: Partial<WatchOptions>, before?: MemberWatch): MemberWatch {
    const check = (): Promise<void> => (this.isWell ? Promise.resolve() : Promise.reject(failure))
    const checks = { check, interval: 100, timeout: 50, unhealthyAfter: 3, healthyAfter: 2 }
    const parts = {
      random: () => 0.5,
      changed: (_: unknown, one: HealthChange) => this.changes.push(one),
    }
    const ejection = { after: 2, time: 1_000, max: 8_000 }
    return new MemberWatch(
      this.member,
      { checks, ejection, slowStartMs: 0, ...parts, ...options },
      before,
    )
  }
}

const unchecked = { checks: undefined }

test('why a server is down is told with the change', async () => {
  const watched = new Watched()
  await vi.advanceTimersByTimeAsync(100)
  watched.isWell = false
  await vi.advanceTimersByTimeAsync(1_000)
  expect(watched.changes).toEqual([{ up: false, reason: 'checks failed', error: failure }])
  expect(watched.watch.isUp()).toBe(false)
  expect(watched.member).toMatchObject({ checksPassed: 1, ejections: 0 })
})

test('an ejection ends with its time', async () => {
  const watched = new Watched(unchecked)
  watched.failConnects(2)
  expect(watched.changes).toEqual([
    { up: false, reason: 'connects failed', error: failure, outMs: 1_000 },
  ])
  await vi.advanceTimersByTimeAsync(999)
  expect(watched.watch.isUp()).toBe(false)
  await vi.advanceTimersByTimeAsync(1)
  expect(watched.watch.isUp()).toBe(true)
  expect(watched.told).toEqual(['down: connects failed', 'up: its time is over'])
})

test('checks that pass end it before, those made since alone', async () => {
  const watched = new Watched()
  await vi.advanceTimersByTimeAsync(500)
  watched.failConnects(2)
  await vi.advanceTimersByTimeAsync(100)
  expect(watched.watch.isUp()).toBe(false)
  await vi.advanceTimersByTimeAsync(100)
  expect(watched.told).toEqual(['down: connects failed', 'up: checks passed'])
  // Its own time comes, and finds nothing to end.
  await vi.advanceTimersByTimeAsync(5_000)
  expect(watched.changes).toHaveLength(2)
})

test('a connect in a panic ends it', () => {
  const watched = new Watched(unchecked)
  watched.failConnects(2)
  watched.watch.connected(performance.now())
  expect(watched.told).toEqual(['down: connects failed', 'up: it was connected to'])
})

test('one that is down stays so when its ejection ends', async () => {
  const watched = new Watched()
  watched.failConnects(2)
  watched.isWell = false
  await vi.advanceTimersByTimeAsync(3_000)
  expect(watched.told).toEqual(['down: connects failed'])
  watched.isWell = true
  await vi.advanceTimersByTimeAsync(300)
  expect(watched.told).toEqual(['down: connects failed', 'up: checks passed'])
})

test('failed connects of one that is down do not eject it besides', async () => {
  const watched = new Watched()
  watched.isWell = false
  await vi.advanceTimersByTimeAsync(100)
  watched.failConnects(10)
  expect(watched.member.ejections).toBe(0)
})

test('after it has come back its share grows with the time', async () => {
  const watched = new Watched({ ...unchecked, slowStartMs: 10_000 })
  expect(watched.watch.share(performance.now())).toBe(1)
  watched.failConnects(2)
  await vi.advanceTimersByTimeAsync(1_000)
  const shares: number[] = []
  for (let second = 0; second < 12; second++) {
    shares.push(Number(watched.watch.share(performance.now()).toFixed(2)))
    await vi.advanceTimersByTimeAsync(1_000)
  }
  expect(shares).toEqual([0.1, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1, 1])
})

test('a reload keeps the rest of an ejection, and its growth', async () => {
  const watched = new Watched(unchecked)
  watched.failConnects(2)
  await vi.advanceTimersByTimeAsync(600)
  watched.reload(unchecked)
  await vi.advanceTimersByTimeAsync(399)
  expect(watched.watch.isUp()).toBe(false)
  await vi.advanceTimersByTimeAsync(1)
  expect(watched.told).toEqual(['down: connects failed', 'up: its time is over'])
  watched.failConnects(1)
  expect(watched.changes.at(-1)).toMatchObject({ up: false, outMs: 2_000 })
})

test('a reload that ejects nobody brings an ejected one back', () => {
  const watched = new Watched(unchecked)
  watched.failConnects(2)
  watched.reload({ ...unchecked, ejection: undefined })
  expect(watched.told).toEqual(['down: connects failed', 'up: no longer watched'])
  expect(watched.watch.isUp()).toBe(true)
})

test('one that is not watched any more tells nothing', async () => {
  const watched = new Watched()
  watched.failConnects(2)
  watched.watch.stop()
  watched.isWell = false
  await vi.advanceTimersByTimeAsync(60_000)
  expect(watched.told).toEqual(['down: connects failed'])
})
