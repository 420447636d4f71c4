import { AddressSet } from '../config/address-set.ts'
import type { AddressRulesConfig } from '../config/settled/admission.ts'
import { GatewayError } from '../errors.ts'
import { unixAddress } from '../peer.ts'

/**
 * Who may use a listener or a route by address. Deny beats allow; without `allow`, everybody who is
 * not denied may.
 */
export class AddressRules {
  readonly #allow: AddressSet | undefined
  readonly #deny: AddressSet | undefined

  constructor(config: AddressRulesConfig) {
    this.#allow = config.allow && new AddressSet(config.allow)
    this.#deny = config.deny && new AddressSet(config.deny)
  }

  /**
   * @param client the client's address after trusted proxies, or `unix`, which fails any rule:
   *   nothing is known of it
   * @throws {GatewayError} `address-denied`
   */
  check(client: string): void {
    if (this.#allow === undefined && this.#deny === undefined) return
    if (client === unixAddress) throw denied('a client without an address')
    if (this.#deny?.has(client) === true) throw denied(`${client} is denied`)
    if (this.#allow?.has(client) === false) throw denied(`${client} is not allowed`)
  }
}

function denied(message: string): GatewayError {
  return new GatewayError('address-denied', message)
}
