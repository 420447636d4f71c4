import type { Limits } from '../config/config.ts'
import type { PeerTimeouts } from './peer-clock.ts'
import type { Sweep } from './sweep.ts'
import type { TunnelTimeouts } from './tunnel.ts'

/** What a relay and a bridge are both told. */
export interface SessionOptions {
  readonly limits: Pick<Limits, 'message' | 'controlFrameRate' | 'buffer'>
  readonly timeouts: PeerTimeouts & TunnelTimeouts
  readonly sweep: Sweep
  /** Called once per session when a limit with `over: log` is passed, with the limit's name in the configuration. */
  readonly onLimit?: (limit: string) => void
}
