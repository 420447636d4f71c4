import { describe, expect, test } from 'vitest'
import { PeerClock } from '../../../src/relay/peer-clock.ts'
import type { PeerState } from '../../../src/relay/peer-clock.ts'
import type { Port } from '../../../src/relay/port/port.ts'

/** The figures of a port, set by hand: what no socket shows on demand. */
class Figures {
  writtenBytes = 0
  queuedBytes = 0
  receivedBytes = 0
  progress = 0
}

function start(timeouts = { ping: 300, pong: 200, stall: 600 }): {
  port: Figures
  clock: PeerClock
  check: (now: number, paused?: boolean) => PeerState
} {
  const port = new Figures()
  const clock = new PeerClock(port as unknown as Port, timeouts, 0)
  return { port, clock, check: (now, paused = false) => clock.check(now, paused) }
}

const ping = (port: Figures, clock: PeerClock, queued = 0): void => {
  port.writtenBytes += 10
  port.queuedBytes += queued
  clock.pinged()
}

describe('a ping', () => {
  test('is due after silence, counted from the last byte', () => {
    const { port, check } = start()
    expect(check(299)).toBe('alive')
    port.receivedBytes = 1
    expect(check(400)).toBe('alive')
    expect(check(699)).toBe('alive')
    expect(check(700)).toBe('ping-due')
  })

  test('is awaited from when it has left our queue', () => {
    const { port, clock, check } = start()
    ping(port, clock, 10)
    expect(check(400)).toBe('alive')
    expect(check(550)).toBe('alive')
    port.queuedBytes = 0
    expect(check(600)).toBe('alive')
    expect(check(799)).toBe('alive')
    expect(check(800)).toBe('silent')
  })

  test.each(['receivedBytes', 'progress'] as const)('is answered by a change of %s', (figure) => {
    const { port, clock, check } = start()
    ping(port, clock)
    expect(check(100)).toBe('alive')
    port[figure]++
    expect(check(290)).toBe('alive')
    expect(check(500)).toBe('alive')
    expect(check(590)).toBe('ping-due')
  })

  test('is not awaited while we do not read', () => {
    const { port, clock, check } = start()
    ping(port, clock)
    expect(check(100)).toBe('alive')
    for (let now = 200; now <= 1000; now += 100) expect(check(now, true)).toBe('alive')
    expect(check(1100)).toBe('alive')
    expect(check(1200)).toBe('silent')
  })
})

describe('a stall', () => {
  test('is bytes of which none are taken', () => {
    const { port, check } = start({ ping: Infinity, pong: Infinity, stall: 600 })
    port.queuedBytes = 5
    expect(check(100)).toBe('alive')
    port.progress++
    expect(check(500)).toBe('alive')
    expect(check(1099)).toBe('alive')
    expect(check(1100)).toBe('stalled')
  })

  test('is not an empty queue', () => {
    const { check } = start({ ping: Infinity, pong: Infinity, stall: 600 })
    for (let now = 0; now < 5000; now += 500) expect(check(now)).toBe('alive')
  })
})

test('a look that comes late by our own fault judges nobody', () => {
  const { port, clock, check } = start()
  ping(port, clock)
  port.queuedBytes = 5
  port.writtenBytes += 5
  expect(check(100)).toBe('alive')
  expect(check(60_000)).toBe('alive')
  expect(check(60_199)).toBe('alive')
  expect(check(60_200)).toBe('silent')
})
