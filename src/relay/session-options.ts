import type { Limits } from '../config/settled/limits.ts'
import type { Side } from './ending.ts'
import type { PeerTimeouts } from './peer-clock.ts'
import type { Ports } from './port/choose-ports.ts'
import type { Sweep } from './sweep.ts'
import type { TunnelTimeouts } from './tunnel.ts'

/** What a relay and a bridge are both told. */
export interface SessionOptions {
  readonly limits: Pick<
    Limits,
    'message' | 'messageOver' | 'messageRate' | 'byteRate' | 'controlFrameRate' | 'buffer'
  >
  readonly timeouts: PeerTimeouts & TunnelTimeouts
  readonly sweep: Sweep
  readonly ports: Ports
  /**
   * Called once per session and limit when one with `over: log` is passed, with the limit's name in
   * the configuration and who was the first to pass it.
   */
  readonly onLimit?: (limit: string, from: Side) => void
}
