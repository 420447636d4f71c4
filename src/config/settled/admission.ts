import type { Rate } from '../rate.ts'

export interface AdmissionConfig {
  readonly connections: 'auto' | number
  /**
   * Undefined is the default of 200, which counts public addresses only; a written value counts
   * everybody.
   */
  readonly connectionsPerClient?: number
  /**
   * Undefined is the default of 50/s, which counts public addresses only; a written value counts
   * everybody.
   */
  readonly handshakesPerClient?: Rate
  /** Plain requests. */
  readonly requestsPerClient: Rate
  /**
   * Resident bytes beyond which no upgrade is accepted; `auto` is 85 % of the container's or
   * machine's memory.
   */
  readonly memory: 'auto' | number
}

/**
 * Addresses and CIDRs. Deny beats allow; without `allow` everybody who is not denied may come in.
 */
export interface AddressRulesConfig {
  readonly allow?: readonly string[]
  readonly deny?: readonly string[]
}
