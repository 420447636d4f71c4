import type { Member } from '../member.ts'

/**
 * Chooses among members, in proportion to their weights. It looks at nothing but what it is given:
 * which members may be chosen at all is decided before.
 */
export interface Balancer {
  /**
   * @param candidates one at least
   * @param key what the request has where the balancer asks for one; undefined where it has none
   * @param now by `performance.now()`
   */
  pick(candidates: readonly Member[], key: string | undefined, now: number): Member
}
