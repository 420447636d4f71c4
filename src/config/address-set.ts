import { BlockList, isIPv4 } from 'node:net'
import { unixAddress } from '../peer.ts'
import { parseNetwork } from './address.ts'

/**
 * Addresses as the configuration lists them: single ones, CIDRs, and `unix` for peers on unix
 * sockets.
 */
export class AddressSet {
  // One list would let `::/0` stand for every IPv4 address too: BlockList compares those as mapped
  // ones.
  readonly #ipv4 = new BlockList()
  readonly #ipv6 = new BlockList()
  readonly #unix: boolean
  readonly #empty: boolean

  /**
   * @throws {RangeError} where an entry is none of these; configuration that has been checked has
   * no such entry
   */
  constructor(entries: readonly string[]) {
    this.#empty = entries.length === 0
    this.#unix = entries.includes(unixAddress)
    for (const entry of entries) {
      if (entry === unixAddress) continue
      const network = parseNetwork(entry)
      if (network === undefined) throw new RangeError(`not an address or a CIDR: ${entry}`)
      const list = network.family === 'ipv4' ? this.#ipv4 : this.#ipv6
      list.addSubnet(network.address, network.prefix, network.family)
    }
  }

  /** @param address canonical text, or `unix` */
  has(address: string): boolean {
    if (this.#empty) return false
    if (address === unixAddress) return this.#unix
    return isIPv4(address) ? this.#ipv4.check(address, 'ipv4') : this.#ipv6.check(address, 'ipv6')
  }
}
