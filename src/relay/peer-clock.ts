import type { Port } from './port/port.ts'

export interface PeerTimeouts {
  /** Silence after which a peer is pinged. Infinity is off, as for the others. */
  readonly ping: number
  /** How long it may show no life after that ping has left our queue. */
  readonly pong: number
  /** How long it may take nothing of what waits for it. */
  readonly stall: number
}

export type PeerState = 'alive' | 'ping-due' | 'silent' | 'stalled'

type PingState =
  | { readonly state: 'none' }
  | { readonly state: 'queued'; readonly end: number }
  | { readonly state: 'left' }
/** One for all: a session makes none of its own until it pings. */
const noPing: PingState = { state: 'none' }

/**
 * Looks so far apart are our own fault (a busy loop, a machine that slept): what the peer sent
 * meanwhile waits to be read, so that its silence says nothing.
 */
const lateMs = 2_000

/**
 * Whether a peer lives, as far as its bytes tell. Looked at by the sweep; times are monotonic
 * milliseconds.
 */
export class PeerClock {
  readonly #port: Port
  readonly #timeouts: PeerTimeouts
  #receivedBytes = 0
  #progress = 0
  #checkedAt: number
  #quietSince: number
  #progressAt: number
  #ping: PingState = noPing
  #leftAt = 0

  constructor(port: Port, timeouts: PeerTimeouts, now: number) {
    this.#port = port
    this.#timeouts = timeouts
    this.#checkedAt = now
    this.#quietSince = now
    this.#progressAt = now
  }

  /** A Ping has been written: call it at once, so that its place in the queue is known. */
  pinged(): void {
    this.#ping = { state: 'queued', end: this.#port.writtenBytes }
  }

  /** @param paused we do not read from this peer, so that it cannot show life: its clock stands */
  check(now: number, paused: boolean): PeerState {
    const port = this.#port
    const elapsed = now - this.#checkedAt
    this.#checkedAt = now
    const late = elapsed >= lateMs

    const { progress } = port
    const moved = progress !== this.#progress
    this.#progress = progress
    if (moved || late || port.queuedBytes === 0) this.#progressAt = now
    if (now - this.#progressAt >= this.#timeouts.stall) return 'stalled'

    if (port.receivedBytes !== this.#receivedBytes) {
      this.#receivedBytes = port.receivedBytes
      this.#lives(now)
    } else if (paused || late) {
      this.#quietSince += elapsed
      this.#leftAt += elapsed
    }
    return this.#check(now, moved)
  }

  #check(now: number, moved: boolean): PeerState {
    const port = this.#port
    if (this.#ping.state === 'none') {
      return now - this.#quietSince >= this.#timeouts.ping ? 'ping-due' : 'alive'
    }
    if (this.#ping.state === 'left') {
      if (moved) this.#lives(now)
      else if (now - this.#leftAt >= this.#timeouts.pong) return 'silent'
    } else if (port.writtenBytes - port.queuedBytes >= this.#ping.end) {
      this.#ping = { state: 'left' }
      this.#leftAt = now
    }
    return 'alive'
  }

  #lives(now: number): void {
    this.#quietSince = now
    this.#ping = noPing
  }
}
