import type { Member } from '../member.ts'
import type { Balancer } from './balancer.ts'
import { hashText, mixPair } from './hash.ts'
import { roundRobin } from './round-robin.ts'

/**
 * The same member for the same key, in every process that has the same members. Each member bids
 * for the key, and the highest bid wins: so where one is lost only its own keys move, spread over
 * the others by their weights, and they come home with it. A bid is weight / -ln(u) with u between 0
 * and 1 made of key and member, which lets each win in proportion to its weight (weighted rendezvous
 * hashing, Schindelhauer and Schomaker 2005). Without a key it is round robin.
 */
export const rendezvous: Balancer = {
  pick(candidates, key, now) {
    if (key === undefined) return roundRobin.pick(candidates, key, now)
    const hash = hashText(key)
    let winner: Member | undefined
    let highest = -1
    for (const member of candidates) {
      const bid = member.weight(now) / -Math.log(mixPair(hash, member.hash))
      if (bid > highest) {
        winner = member
        highest = bid
      }
    }
    if (winner === undefined) throw new RangeError('no candidate')
    return winner
  },
}
