import type { Member } from '../member.ts'

/** A smaller share of a pool's servers could not carry what was meant for all. */
const leastShare = 0.5

/** Of the servers that their mode lets take part. */
export interface PanicCount {
  readonly up: number
  readonly ready: number
}

/**
 * Whether a pool is in a panic: fewer than half of its servers are up. So many at once are more
 * likely a check that is wrong, or a network that is, than servers that are all dead; and those that
 * are left would be drowned. Then health decides nothing, and all are used. Servers are counted, not
 * weighed: that a big one is down is no reason to send most to it.
 */
export class Panic {
  readonly #changed: (on: boolean, count: PanicCount) => void
  #on = false

  /** @param changed called once for each beginning and each end */
  constructor(changed: (on: boolean, count: PanicCount) => void) {
    this.#changed = changed
  }

  get on(): boolean {
    return this.#on
  }

  /** @param members all of the pool; a panic never overrules an operator's word about one */
  look(members: readonly Member[], now: number): boolean {
    let ready = 0
    let up = 0
    for (const member of members) {
      if (member.mode !== 'ready') continue
      ready++
      if (member.health.isUp(now)) up++
    }
    const on = up < ready * leastShare
    if (on !== this.#on) {
      this.#on = on
      this.#changed(on, { up, ready })
    }
    return on
  }
}
