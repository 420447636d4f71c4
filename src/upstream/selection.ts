import type { Balance, HashKey } from '../config/balance.ts'
import { buildBalancer } from './balance/build.ts'
import type { Balancer } from './balance/balancer.ts'
import { readKey } from './balance/pick-facts.ts'
import type { PickFacts } from './balance/pick-facts.ts'
import type { Panic } from './health/panic.ts'
import type { Member } from './member.ts'
import type { Sticky } from './sticky.ts'

/** `full`: some may be used, but have no place. `none`: none may be used. */
export type Choice = Member | 'full' | 'none'

/** Which member is next: who may be chosen, whom a cookie names, and what the balancer says. */
export class Selection {
  members: readonly Member[] = []
  readonly #balancer: Balancer
  readonly #key: HashKey | undefined
  readonly #sticky: Sticky | undefined
  readonly #panic: Panic
  /** One list for all picks, which do not overlap. */
  readonly #candidates: Member[] = []

  constructor(balance: Balance, sticky: Sticky | undefined, panic: Panic) {
    this.#balancer = buildBalancer(balance)
    this.#key = typeof balance === 'string' ? undefined : balance.hash
    this.#sticky = sticky
    this.#panic = panic
  }

  /** Whether there is a place that somebody could be given: with a cookie, on one in `drain` too. */
  isSpare(now: number): boolean {
    const panic = this.#panic.look(this.members, now)
    return this.members.some((member) => {
      const isOpen =
        member.mode === 'ready' || (member.mode === 'drain' && this.#sticky !== undefined)
      return isOpen && !member.full && (panic || member.health.isUp(now))
    })
  }

  /** @param tried those that are not to be chosen any more */
  choose(facts: PickFacts, tried: readonly Member[], now: number): Choice {
    const panic = this.#panic.look(this.members, now)
    const bound = this.#sticky?.find(facts)
    if (bound !== undefined && bound.mode !== 'maintenance' && !bound.full) {
      if ((panic || bound.health.isUp(now)) && !tried.includes(bound)) return bound
    }
    const candidates = this.#candidates
    candidates.length = 0
    let full = false
    for (const member of this.members) {
      if (member.mode !== 'ready' || tried.includes(member)) continue
      if (!panic && !member.health.isUp(now)) continue
      if (member.full) full = true
      else candidates.push(member)
    }
    const [first, second] = candidates
    if (first === undefined) return full ? 'full' : 'none'
    if (second === undefined) return first
    const key = this.#key === undefined ? undefined : readKey(this.#key, facts)
    return this.#balancer.pick(candidates, key, now)
  }
}
