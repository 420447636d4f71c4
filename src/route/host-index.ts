/**
 * Finds what is filed under a host: under its name, under `*.example.com` for every name below that
 * one (one label or more), or under no host at all. Costs a few look-ups however many hosts there
 * are.
 */
export class HostIndex<T> {
  readonly #exact = new Map<string, T[]>()
  /** By what stands behind the asterisk, with its dot. */
  readonly #below = new Map<string, T[]>()
  readonly #any: T[] = []
  /**
   * Dots in the longest key of `#below`: deeper names need no further look-ups, however many labels
   * a client sends.
   */
  #deepest = 0

  /** @param hosts lower case, exact or `*.example.com`; none is any host */
  add(hosts: readonly string[], item: T): void {
    if (hosts.length === 0) this.#any.push(item)
    for (const host of new Set(hosts)) {
      if (host.startsWith('*.')) {
        const end = host.slice(1)
        file(this.#below, end, item)
        this.#deepest = Math.max(this.#deepest, end.split('.').length - 1)
      } else {
        file(this.#exact, host, item)
      }
    }
  }

  /**
   * The lists that a host is to be looked up in, each in the order of `add`. An empty host is under
   * none but the last.
   */
  find(host: string): (readonly T[])[] {
    const lists: (readonly T[])[] = []
    if (host !== '') this.#named(host, lists)
    if (this.#any.length > 0) lists.push(this.#any)
    return lists
  }

  /** Whether a host stands here by name or by its domain. */
  knows(host: string): boolean {
    const lists: (readonly T[])[] = []
    if (host !== '') this.#named(host, lists)
    return lists.length > 0
  }

  #named(host: string, lists: (readonly T[])[]): void {
    const exact = this.#exact.get(host)
    if (exact !== undefined) lists.push(exact)
    let dot = host.length
    for (let dots = 0; dots < this.#deepest; dots += 1) {
      dot = host.lastIndexOf('.', dot - 1)
      // A dot in front has no label for the asterisk to stand for.
      if (dot <= 0) return
      const below = this.#below.get(host.slice(dot))
      if (below !== undefined) lists.push(below)
    }
  }
}

function file<T>(lists: Map<string, T[]>, key: string, item: T): void {
  const list = lists.get(key)
  if (list === undefined) lists.set(key, [item])
  else list.push(item)
}
