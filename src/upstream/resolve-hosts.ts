import type { LookupAddress } from 'node:dns'
import { readFile, stat } from 'node:fs/promises'
import { isIP } from 'node:net'

/**
 * The names of the hosts file, which is read again when it has changed. `localhost` and what is below
 * it are there whatever it says (RFC 6761 section 6.3).
 */
export class HostsFile {
  readonly #path: string
  #stamp = ''
  #names: ReadonlyMap<string, LookupAddress[]> = new Map()

  constructor(path = '/etc/hosts') {
    this.#path = path
  }

  /** @param name lower case, without a trailing dot */
  async addresses(name: string): Promise<readonly LookupAddress[] | undefined> {
    await this.#refresh()
    const found = this.#names.get(name)
    if (found !== undefined) return found
    return name === 'localhost' || name.endsWith('.localhost') ? loopback : undefined
  }

  async #refresh(): Promise<void> {
    try {
      const { mtimeNs, ctimeNs, size, ino } = await stat(this.#path, { bigint: true })
      const stamp = [mtimeNs, ctimeNs, size, ino].join()
      if (stamp === this.#stamp) return
      this.#names = parseHosts(await readFile(this.#path, 'utf8'))
      this.#stamp = stamp
    } catch {
      // Many containers have none.
      this.#names = new Map()
      this.#stamp = ''
    }
  }
}

const loopback: readonly LookupAddress[] = [
  { address: '::1', family: 6 },
  { address: '127.0.0.1', family: 4 },
]

/** Lines `ADDRESS NAME …`; `#` begins a comment. Zones and what is no address are left out. */
function parseHosts(text: string): Map<string, LookupAddress[]> {
  const names = new Map<string, LookupAddress[]>()
  for (const line of text.split('\n')) {
    const [address = '', ...all] = line.replace(/#.*$/, '').trim().split(/\s+/)
    const family = address.includes('%') ? 0 : isIP(address)
    if (family === 0) continue
    for (const written of all) {
      const name = written.toLowerCase()
      const known = names.get(name) ?? []
      if (!known.some((one) => one.address === address)) known.push({ address, family })
      names.set(name, known)
    }
  }
  return names
}
