import type { Rate } from '../rate.ts'

export interface Limits {
  /** Largest message in wire bytes, per direction. */
  readonly message: PerDirection<number>
  /** What happens to a larger one. */
  readonly messageOver: PerDirection<'close' | 'log'>
  readonly messageRate: PerDirection<RateLimit>
  /** In payload bytes; a burst is bytes too. */
  readonly byteRate: PerDirection<RateLimit>
  readonly controlFrameRate: RateLimit
  /** Of one route at once. */
  readonly sessions: number
  readonly sessionsPerClient: number
  readonly sessionsPerIdentity: number
  /** Bytes held per direction before the sender is paused. */
  readonly buffer: number
  /** Largest body of a plain request. */
  readonly body: number
}

export interface RouteLimits extends Limits {
  /**
   * Which of these a route has written itself, whatever the value: they count its own sessions, and
   * the global ones those of all routes that have not.
   */
  readonly own: { readonly sessionsPerClient: boolean; readonly sessionsPerIdentity: boolean }
}

export interface PerDirection<T> {
  readonly fromClient: T
  readonly fromUpstream: T
}

export interface RateLimit {
  readonly rate: Rate
  readonly burst: number
  readonly over: 'throttle' | 'close' | 'log'
}
