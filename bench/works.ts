import type { Traffic } from './load/plan.ts'
import type { PeerName } from './peers.ts'

/**
 * What is to be reached: `cpu` is ours divided by the peer's in the same run; `memory` is what one
 * connection takes of us, `lessMemory` that this is below the peer's.
 */
export type Goal =
  | { readonly kind: 'cpu'; readonly peer: PeerName; readonly atMost: number }
  | { readonly kind: 'cheaper'; readonly peer: PeerName }
  | { readonly kind: 'memory'; readonly atMostBytes: number }
  | { readonly kind: 'lessMemory'; readonly peer: PeerName }

export interface Work {
  readonly name: string
  /** What is counted: one of these is what CPU is spent on. */
  readonly unit: 'message' | 'handshake' | 'request' | 'connection'
  readonly tls: boolean
  /** The path that a client of Drawbridge asks for. */
  readonly path: '/' | '/bridge'
  readonly traffic: Traffic
  /** Load on a fresh process before its first round counts. Memory: rest before the first reading. */
  readonly warmMs: number
  readonly peers: readonly PeerName[]
  readonly goals: readonly Goal[]
}

const proxies: readonly PeerName[] = ['haproxy', 'nginx', 'caddy', 'http-proxy']
const proxiesAndFloor: readonly PeerName[] = [...proxies, 'node']

/**
 * Until windows of two seconds cost the same: V8 has compiled by then what it compiles. Measured on
 * Drawbridge and http-proxy, the same for all.
 */
const relayWarmMs = 3_000
const requestWarmMs = 8_000
const handshakeWarmMs = 15_000
const memoryWarmMs = 1_000

/**
 * How many connections have their memory counted. The heap of a fresh process grows by garbage with
 * the first ones; the further ones are so many that what comes and goes of it, tens of megabytes,
 * is little for each.
 */
const idleConnections = { connections: 2_000, further: 6_000 } as const
const kilobytes = 1024

const relay = { unit: 'message', path: '/', warmMs: relayWarmMs, peers: proxies } as const
const bridge = { unit: 'message', path: '/bridge', tls: false, warmMs: relayWarmMs } as const
const handshake = {
  unit: 'handshake',
  path: '/',
  warmMs: handshakeWarmMs,
  peers: proxiesAndFloor,
} as const
const memory = {
  unit: 'connection',
  path: '/',
  warmMs: memoryWarmMs,
  peers: proxiesAndFloor,
  traffic: { kind: 'idle', ...idleConnections },
} as const

const small = { kind: 'echo', connections: 64, payloadBytes: 64 } as const
const medium = { kind: 'echo', connections: 64, payloadBytes: 1024 } as const
const big = { kind: 'echo', connections: 16, payloadBytes: 65_536 } as const

export const works: readonly Work[] = [
  {
    ...relay,
    name: 'ws relay, 64 B x1',
    tls: false,
    peers: proxiesAndFloor,
    traffic: { ...small, window: 1 },
    goals: [
      { kind: 'cpu', peer: 'haproxy', atMost: 1 },
      { kind: 'cpu', peer: 'http-proxy', atMost: 0.65 },
    ],
  },
  {
    ...relay,
    name: 'ws relay, 64 B x16',
    tls: false,
    traffic: { ...small, window: 16 },
    goals: [{ kind: 'cpu', peer: 'haproxy', atMost: 1 }],
  },
  {
    ...relay,
    name: 'ws relay, 64 KiB x4',
    tls: false,
    traffic: { ...big, window: 4 },
    goals: [
      { kind: 'cpu', peer: 'haproxy', atMost: 0.7 },
      { kind: 'cpu', peer: 'nginx', atMost: 0.3 },
    ],
  },
  {
    ...relay,
    name: 'wss relay, 64 B x1',
    tls: true,
    traffic: { ...small, window: 1 },
    goals: [{ kind: 'cpu', peer: 'haproxy', atMost: 1 }],
  },
  {
    ...relay,
    name: 'wss relay, 1 KiB x8',
    tls: true,
    traffic: { ...medium, window: 8 },
    goals: [{ kind: 'cpu', peer: 'haproxy', atMost: 1 }],
  },
  {
    ...relay,
    name: 'wss relay, 64 KiB x4',
    tls: true,
    traffic: { ...big, window: 4 },
    goals: [{ kind: 'cpu', peer: 'haproxy', atMost: 0.9 }],
  },
  {
    ...bridge,
    name: 'TCP bridge, 64 B x1',
    traffic: { ...small, window: 1 },
    peers: ['relay', 'websockify'],
    goals: [
      { kind: 'cpu', peer: 'relay', atMost: 1.1 },
      { kind: 'cpu', peer: 'websockify', atMost: 0.2 },
    ],
  },
  {
    ...bridge,
    name: 'TCP bridge, 64 KiB x4',
    traffic: { ...big, window: 4 },
    peers: ['relay', 'websockify'],
    goals: [{ kind: 'cpu', peer: 'relay', atMost: 1.1 }],
  },
  {
    ...handshake,
    name: 'ws handshakes',
    tls: false,
    traffic: { kind: 'handshake', connections: 32 },
    goals: [
      { kind: 'cpu', peer: 'haproxy', atMost: 1.8 },
      { kind: 'cpu', peer: 'http-proxy', atMost: 0.6 },
    ],
  },
  {
    ...handshake,
    name: 'wss handshakes',
    tls: true,
    traffic: { kind: 'handshake', connections: 32 },
    goals: [
      { kind: 'cpu', peer: 'haproxy', atMost: 1.1 },
      { kind: 'cpu', peer: 'http-proxy', atMost: 0.6 },
    ],
  },
  {
    name: 'HTTP GET',
    unit: 'request',
    tls: false,
    path: '/',
    traffic: { kind: 'get', connections: 64 },
    warmMs: requestWarmMs,
    peers: proxiesAndFloor,
    goals: [
      { kind: 'cpu', peer: 'http-proxy', atMost: 0.5 },
      { kind: 'cheaper', peer: 'caddy' },
    ],
  },
  {
    ...memory,
    name: 'memory, idle ws',
    tls: false,
    goals: [
      { kind: 'memory', atMostBytes: 14 * kilobytes },
      { kind: 'lessMemory', peer: 'nginx' },
    ],
  },
  {
    ...memory,
    name: 'memory, idle wss',
    tls: true,
    goals: [{ kind: 'memory', atMostBytes: 48 * kilobytes }],
  },
]
