import type { Socket } from 'node:net'
import { setImmediate } from 'node:timers/promises'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest'
import { StallClock } from '../../src/stall-clock.ts'
import { transportQueue } from '../../src/transport-queue.ts'
import { SocketPairs } from '../support/socket-pair.ts'
import type { SocketPair } from '../support/socket-pair.ts'

/** More than the buffers of both ends hold. */
const much = Buffer.alloc(32 << 20)

/** Resolves when the kernel has taken what it can. */
async function fill(socket: Socket): Promise<void> {
  socket.write(much)
  let last = -1
  // On TLS nothing waits before the event loop has turned.
  while (transportQueue(socket) === 0 || transportQueue(socket) !== last) {
    last = transportQueue(socket)
    await setImmediate()
  }
}

describe.each(['tcp', 'tls1.3'] as const)('over %s', (transport) => {
  let pairs: SocketPairs
  let pair: SocketPair
  const stalled = vi.fn()

  beforeAll(async () => {
    pairs = await SocketPairs.open(transport)
  })

  beforeEach(async () => {
    stalled.mockClear()
    pair = await pairs.connect()
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
  })

  afterEach(() => void vi.useRealTimers())

  afterAll(() => pairs.close())

  test('rings in its time, though the kernel took a part of the write at once', async () => {
    const { ours } = pair
    await fill(ours)
    new StallClock(ours, 3_000, stalled).start()
    vi.advanceTimersByTime(2_999)
    expect(stalled).not.toHaveBeenCalled()
    vi.advanceTimersByTime(1)
    expect(stalled).toHaveBeenCalledOnce()
    expect(vi.getTimerCount()).toBe(0)
  })

  test('a peer that takes a part of a write has its whole time again', async () => {
    const { ours, peer } = pair
    await fill(ours)
    new StallClock(ours, 3_000, stalled).start()
    vi.advanceTimersByTime(2_900)
    const before = transportQueue(ours)
    peer.resume()
    while (transportQueue(ours) >= before) await setImmediate()
    peer.pause()
    // Not the whole of it, which is all that the stream would tell.
    expect(ours.writableLength).toBe(much.length)
    vi.advanceTimersByTime(3_000)
    expect(stalled).not.toHaveBeenCalled()
    vi.advanceTimersByTime(1_000)
    expect(stalled).toHaveBeenCalledOnce()
  })

  test('a peer has not stalled that takes as much as is written meanwhile', async () => {
    const { ours, peer } = pair
    await fill(ours)
    const clock = new StallClock(ours, 3_000, stalled)
    clock.start()
    for (let round = 1; round <= 3; round++) {
      vi.advanceTimersByTime(2_900)
      peer.resume()
      while (ours.writableLength > 0) await setImmediate()
      peer.pause()
      await fill(ours)
      expect(ours.writableLength).toBe(much.length)
    }
    vi.advanceTimersByTime(2_900)
    expect(stalled).not.toHaveBeenCalled()
    clock.stop()
  })
})

describe('the clock', () => {
  let pairs: SocketPairs
  let pair: SocketPair
  const stalled = vi.fn()

  beforeAll(async () => {
    pairs = await SocketPairs.open('tcp')
    pair = await pairs.connect()
    await fill(pair.ours)
  })

  beforeEach(() => {
    stalled.mockClear()
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
  })

  afterEach(() => void vi.useRealTimers())

  afterAll(() => pairs.close())

  test('says nothing once it was stopped, and begins anew', () => {
    const clock = new StallClock(pair.ours, 1_000, stalled)
    clock.start()
    vi.advanceTimersByTime(900)
    clock.stop()
    expect(vi.getTimerCount()).toBe(0)
    clock.start()
    vi.advanceTimersByTime(900)
    expect(stalled).not.toHaveBeenCalled()
    vi.advanceTimersByTime(100)
    expect(stalled).toHaveBeenCalledOnce()
  })

  test('looks sooner where its time is short', () => {
    new StallClock(pair.ours, 20, stalled).start()
    vi.advanceTimersByTime(20)
    expect(stalled).toHaveBeenCalledOnce()
  })

  test('never rings without a limit', () => {
    new StallClock(pair.ours, Infinity, stalled).start()
    expect(vi.getTimerCount()).toBe(0)
  })
})
