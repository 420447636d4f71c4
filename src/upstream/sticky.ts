import { createHash, createHmac } from 'node:crypto'
import type { StickyConfig } from '../config/settled/upstreams.ts'
import { cookieValues } from '../request/cookie.ts'
import type { PickFacts } from './balance/pick-facts.ts'
import type { Member } from './member.ts'

/** Enough that no two servers of a pool share a value. */
const valueLength = 16

/**
 * A cookie that binds a browser to the member it first came to. Its value is made of the member's
 * key: every gateway of one configuration makes the same, today and after a restart, and nobody can
 * read the address in it (nor, given a secret, confirm a guess).
 */
export class Sticky {
  readonly #config: StickyConfig
  /** The pool's name: one address may stand in several pools. */
  readonly #scope: string
  readonly #byValue = new Map<string, Member>()
  readonly #values = new Map<Member, string>()

  constructor(config: StickyConfig, scope: string) {
    this.#config = config
    this.#scope = scope
  }

  /** From now on these are the members. */
  know(members: readonly Member[]): void {
    this.#byValue.clear()
    this.#values.clear()
    for (const member of members) {
      const value = this.#valueOf(member)
      this.#values.set(member, value)
      this.#byValue.set(value, member)
    }
  }

  /** The member that a request is bound to; undefined where it is to none that is still there. */
  find(facts: PickFacts): Member | undefined {
    for (const value of cookieValues(facts.headers.all('cookie'), this.#config.cookie)) {
      const member = this.#byValue.get(value)
      if (member !== undefined) return member
    }
    return undefined
  }

  /**
   * The Set-Cookie value for the answer to a request that `member` serves; undefined where the
   * request is bound to it already.
   */
  cookieFor(facts: PickFacts, member: Member): string | undefined {
    if (this.find(facts) === member) return undefined
    const { cookie, sameSite } = this.#config
    const value = this.#values.get(member) ?? this.#valueOf(member)
    const site = { lax: 'Lax', strict: 'Strict', none: 'None' }[sameSite]
    // A browser drops a SameSite=None that is not Secure.
    const secure = facts.scheme === 'https' || sameSite === 'none' ? '; Secure' : ''
    return `${cookie}=${value}; Path=/; HttpOnly${secure}; SameSite=${site}`
  }

  #valueOf(member: Member): string {
    const secret = this.#config.secret?.reveal()
    const hash = secret === undefined ? createHash('sha256') : createHmac('sha256', secret)
    return hash.update(`${this.#scope}\0${member.key}`).digest('base64url').slice(0, valueLength)
  }
}
