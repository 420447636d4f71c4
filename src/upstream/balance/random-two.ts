import type { Member } from '../member.ts'
import type { Balancer } from './balancer.ts'

/**
 * Two drawn by weight, and of them the one with less in progress: nearly as even as the least of
 * all, and several gateways that know nothing of each other do not all choose the same one.
 * @param random from 0 to below 1
 */
export function randomTwo(random: () => number = Math.random): Balancer {
  return {
    pick(candidates, _key, now) {
      const first = draw(candidates, undefined, now, random)
      if (candidates.length === 1) return first
      const second = draw(candidates, first, now, random)
      return second.live / second.weight(now) < first.live / first.weight(now) ? second : first
    },
  }
}

/** One of the candidates but for `out`, as likely as it is heavy. */
function draw(
  candidates: readonly Member[],
  out: Member | undefined,
  now: number,
  random: () => number,
): Member {
  let total = 0
  for (const member of candidates) if (member !== out) total += member.weight(now)
  let left = random() * total
  let last: Member | undefined
  for (const member of candidates) {
    if (member === out) continue
    last = member
    left -= member.weight(now)
    if (left < 0) break
  }
  // What rounding leaves over falls to the last.
  if (last === undefined) throw new RangeError('no candidate')
  return last
}
