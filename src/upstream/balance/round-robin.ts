import type { Member } from '../member.ts'
import type { Balancer } from './balancer.ts'

/**
 * In turn, the turns of a heavy member spread between those of the others: each gains its weight
 * and the richest is taken, which then pays what all have gained together. A candidate less, or one
 * more, needs no new round.
 */
export const roundRobin: Balancer = {
  pick(candidates, _key, now) {
    return takeTurn(candidates, now, () => true)
  },
}

/** Whose turn it is among the candidates that `isIn` lets take part, one at least. */
export function takeTurn(
  candidates: readonly Member[],
  now: number,
  isIn: (member: Member) => boolean,
): Member {
  let total = 0
  let richest: Member | undefined
  for (const member of candidates) {
    if (!isIn(member)) continue
    const weight = member.weight(now)
    total += weight
    member.turn += weight
    if (richest === undefined || member.turn > richest.turn) richest = member
  }
  if (richest === undefined) throw new RangeError('no candidate')
  richest.turn -= total
  return richest
}
