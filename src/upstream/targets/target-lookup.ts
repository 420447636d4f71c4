import { GatewayError } from '../../errors.ts'
import type { Target } from './target.ts'

/**
 * Knows where a token leads. Tokens are credentials: none appears in an error. Every implementation
 * passes the suite of test/unit/upstream/targets/lookup-suite.ts.
 */
export interface TargetLookup {
  /**
   * @returns undefined where there is no such token
   * @throws {GatewayError} `target-unavailable` where that cannot be found out, or what stands there
   * is no target; the signal's reason
   */
  find(token: string, signal: AbortSignal): Promise<Target | undefined>
  /** Lets go of connections. */
  close?(): void
}

/** @param problem says nothing of the token */
export function unavailable(problem: string, options?: ErrorOptions): GatewayError {
  return new GatewayError('target-unavailable', problem, options)
}
