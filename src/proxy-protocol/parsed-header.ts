import type { Endpoints } from './endpoints.ts'

/** A whole header at the beginning of what was read. */
export interface ParsedHeader {
  /** Its length; what follows belongs to the connection. */
  readonly length: number
  /**
   * Undefined where those of the socket stand: the connection was made for nobody (LOCAL), or for a
   * client whose addresses are unknown, or not of TCP over IP.
   */
  readonly endpoints: Endpoints | undefined
}
