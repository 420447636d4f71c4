import { isDeepStrictEqual } from 'node:util'
import { Member } from './member.ts'
import type { MemberHealth, MemberMode, MemberSettings } from './member.ts'
import { isSamePlace, keyAt } from './member-key.ts'

/**
 * The members of a pool, in the order in which they were named. One that is named again stays the
 * same object, whatever has changed about it: what is known of it, and its sessions, stay with it.
 * So does one that has another key because its name has got, or has lost, further addresses.
 */
export class Members {
  readonly #watch: (member: Member) => MemberHealth
  #byKey = new Map<string, Member>()
  /** No longer named, but not without sessions yet: a name's addresses come and go. */
  readonly #parted = new Set<Member>()
  /** What an operator has set, by the key or URL that was said: so it holds for addresses to come. */
  readonly #modes = new Map<string, MemberMode>()

  /** @param watch begins to watch the health of a member */
  constructor(watch: (member: Member) => MemberHealth) {
    this.#watch = watch
  }

  get all(): readonly Member[] {
    return [...this.#byKey.values()]
  }

  /** Those that have left, and still have sessions, too. */
  get withParted(): readonly Member[] {
    return [...this.#byKey.values(), ...this.#parted]
  }

  /**
   * From now on it is these; of two with one key the first.
   * @returns those that connections which were made before do not lead to any more: they are not
   * named, or are at other addresses
   */
  replace(settings: readonly MemberSettings[]): Member[] {
    for (const member of this.#parted) if (member.live === 0) this.#parted.delete(member)
    const before = this.#byKey
    const named = new Map<string, MemberSettings>()
    for (const one of settings) if (!named.has(one.key)) named.set(one.key, one)
    const left = new Set([...before.values()].filter(({ key }) => !named.has(key)))
    const moved: Member[] = []
    this.#byKey = new Map()
    for (const [key, one] of named) {
      const known = before.get(key) ?? [...left].find((member) => isSamePlace(member, one))
      this.#byKey.set(key, known ?? this.#join(one))
      if (known === undefined) continue
      left.delete(known)
      const { addresses } = known
      known.configure(one)
      known.mode = this.#modeOf(known)
      if (!isDeepStrictEqual(known.addresses, addresses)) moved.push(known)
    }
    for (const member of left) {
      member.health.stop()
      if (member.live > 0) this.#parted.add(member)
    }
    return [...left, ...moved]
  }

  /** Watches the health of all of them anew: how it is watched has changed. */
  rewatch(): void {
    // What none but the old watch holds against one is not to count while others have the new.
    this.stop()
    for (const member of this.#byKey.values()) member.health = this.#watch(member)
  }

  /** Watches nobody's health any longer. */
  stop(): void {
    for (const member of this.#byKey.values()) member.health.stop()
  }

  /**
   * @param server a URL as the configuration writes it, for all of its addresses; or one member's
   * key
   * @returns those whose mode has changed, with sessions of those that have left; undefined where no
   * member is meant
   */
  setMode(server: string, mode: MemberMode): Member[] | undefined {
    const meant = this.withParted.filter(
      ({ key, server: { url } }) => key === server || url === server,
    )
    if (meant.length === 0) return undefined
    // A word about a URL is about each of its addresses, whatever was said of them before.
    for (const key of this.#modes.keys()) if (key.startsWith(`${server}#`)) this.#modes.delete(key)
    this.#modes.set(server, mode)
    const changed = meant.filter((member) => member.mode !== mode)
    for (const member of changed) member.mode = mode
    return changed
  }

  #join(settings: MemberSettings): Member {
    const parted = [...this.#parted]
    const member =
      parted.find(({ key }) => key === settings.key) ??
      parted.find((one) => isSamePlace(one, settings)) ??
      new Member(settings)
    this.#parted.delete(member)
    member.configure(settings)
    member.mode = this.#modeOf(member)
    member.health = this.#watch(member)
    return member
  }

  /**
   * What was said of its address, which it has as the only one too; or else of the host, or the
   * URL, that the address is one of.
   */
  #modeOf({ key, server, addresses = [] }: Member): MemberMode {
    const [lead] = addresses
    let name = lead === undefined ? key : keyAt(key, lead)
    while (name.length > server.url.length && !this.#modes.has(name)) {
      name = name.slice(0, name.lastIndexOf('#'))
    }
    return this.#modes.get(name) ?? 'ready'
  }
}
