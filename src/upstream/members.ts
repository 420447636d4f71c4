import { Member } from './member.ts'
import type { MemberHealth, MemberMode, MemberSettings } from './member.ts'

/**
 * The members of a pool, in the order in which they were named. One that is named again stays the
 * same object, whatever has changed about it: what is known of it, and its sessions, stay with it.
 */
export class Members {
  readonly #watch: (member: Member) => MemberHealth
  #byKey = new Map<string, Member>()
  /** No longer named, but not without sessions yet: a name's addresses come and go. */
  readonly #parted = new Map<string, Member>()
  /** What an operator has set, by the key or URL that was said: so it holds for addresses to come. */
  readonly #modes = new Map<string, MemberMode>()

  /** @param watch begins to watch the health of a member */
  constructor(watch: (member: Member) => MemberHealth) {
    this.#watch = watch
  }

  get all(): readonly Member[] {
    return [...this.#byKey.values()]
  }

  /**
   * From now on it is these; of two with one key the first.
   * @returns those that are not named any more
   */
  replace(settings: readonly MemberSettings[]): Member[] {
    for (const [key, member] of this.#parted) if (member.live === 0) this.#parted.delete(key)
    const before = this.#byKey
    this.#byKey = new Map()
    for (const one of settings) {
      if (this.#byKey.has(one.key)) continue
      const known = before.get(one.key)
      this.#byKey.set(one.key, known ?? this.#join(one))
      known?.configure(one)
    }
    const left = [...before.values()].filter((member) => !this.#byKey.has(member.key))
    for (const member of left) {
      member.health.stop()
      if (member.live > 0) this.#parted.set(member.key, member)
    }
    return left
  }

  /** Watches the health of all of them anew: how it is watched has changed. */
  rewatch(): void {
    for (const member of this.#byKey.values()) {
      member.health.stop()
      member.health = this.#watch(member)
    }
  }

  /** Watches nobody's health any longer. */
  stop(): void {
    for (const member of this.#byKey.values()) member.health.stop()
  }

  /**
   * @param server a URL as the configuration writes it, for all of its addresses; or one member's
   * key
   * @returns those whose mode has changed; undefined where no member is meant
   */
  setMode(server: string, mode: MemberMode): Member[] | undefined {
    const meant = this.all.filter(({ key, server: { url } }) => key === server || url === server)
    if (meant.length === 0) return undefined
    // A word about a URL is about each of its addresses, whatever was said of them before.
    for (const member of meant) if (member.server.url === server) this.#modes.delete(member.key)
    this.#modes.set(server, mode)
    const changed = meant.filter((member) => member.mode !== mode)
    for (const member of changed) member.mode = mode
    return changed
  }

  #join(settings: MemberSettings): Member {
    const member = this.#parted.get(settings.key) ?? new Member(settings)
    this.#parted.delete(settings.key)
    member.configure(settings)
    member.mode = this.#modes.get(member.key) ?? this.#modes.get(member.server.url) ?? 'ready'
    member.health = this.#watch(member)
    return member
  }
}
