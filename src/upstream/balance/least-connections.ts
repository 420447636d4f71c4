import type { Balancer } from './balancer.ts'
import { takeTurn } from './round-robin.ts'

/**
 * The one that has the least in progress for its weight, counted with what is about to come: so the
 * heavier of two idle ones is first. Those that are equal take turns.
 */
export const leastConnections: Balancer = {
  pick(candidates, _key, now) {
    let least = Infinity
    for (const member of candidates) least = Math.min(least, (member.live + 1) / member.weight(now))
    return takeTurn(candidates, now, (member) => (member.live + 1) / member.weight(now) === least)
  },
}
