import { canonicalAddress } from '../config/address.ts'
import { AddressSet } from '../config/address-set.ts'
import { GatewayError } from '../errors.ts'
import type { Peer } from '../peer.ts'
import { trimBlanks } from '../websocket/token-list.ts'
import type { HeaderLines } from './header-lines.ts'

/** What forwarding headers and the socket say of the client, once trust is settled. */
export interface ClientFacts {
  /** An IP address in canonical text, or `unix`. */
  readonly client: string
  readonly scheme: 'http' | 'https'
  /** TLS ends here, or a trusted proxy named the scheme. */
  readonly schemeKnown: boolean
  readonly peerTrusted: boolean
}

const schemes = new Map<string, 'http' | 'https'>([
  ['http', 'http'],
  ['https', 'https'],
  ['ws', 'http'],
  ['wss', 'https'],
])

/** The proxies whose X-Forwarded-For and X-Forwarded-Proto are believed (`trustedProxies`). */
export class TrustedProxies {
  readonly #addresses: AddressSet

  /** @param entries addresses, CIDRs, `unix` */
  constructor(entries: readonly string[]) {
    this.#addresses = new AddressSet(entries)
  }

  /** @param address canonical text, or `unix` */
  has(address: string): boolean {
    return this.#addresses.has(address)
  }

  /** @throws {GatewayError} `request-malformed` where a header that counts cannot be read */
  clientOf(peer: Peer, headers: HeaderLines): ClientFacts {
    const own = peer.encrypted ? 'https' : 'http'
    if (!this.has(peer.address)) {
      return { client: peer.address, scheme: own, schemeKnown: peer.encrypted, peerTrusted: false }
    }
    const named = namedScheme(headers.all('x-forwarded-proto'))
    return {
      client: this.#addressOf(peer, headers.all('x-forwarded-for')),
      scheme: named ?? own,
      schemeKnown: named !== undefined || peer.encrypted,
      peerTrusted: true,
    }
  }

  /**
   * The rightmost address that is no trusted proxy's. Every proxy appends the peer it saw, so what
   * stands left of an untrusted address is that client's own invention; the walk ends before it.
   * Where all are trusted, the leftmost.
   */
  #addressOf(peer: Peer, lines: readonly string[]): string {
    const chain = lines.join(',')
    // An empty entry in a list is no address: skipping it would believe whatever the client wrote
    // left of it.
    const entries = trimBlanks(chain) === '' ? [] : chain.split(',')
    let client = peer.address
    for (const entry of entries.toReversed()) {
      const address = entryAddress(trimBlanks(entry))
      if (address === undefined) {
        throw new GatewayError('request-malformed', 'X-Forwarded-For holds what is no address')
      }
      client = address
      if (!this.has(address)) break
    }
    return client
  }
}

/** An X-Forwarded-For entry: an address, `IPv4:port`, `[IPv6]` or `[IPv6]:port`. */
function entryAddress(entry: string): string | undefined {
  const [, bracketed, plain] =
    /^(?:\[([^\]]*)\](?::\d{1,5})?|([\d.]+)(?::\d{1,5})?)$/.exec(entry) ?? []
  if (bracketed !== undefined)
    return bracketed.includes(':') ? canonicalAddress(bracketed) : undefined
  return canonicalAddress(plain ?? entry)
}

/**
 * The value that the nearest proxy wrote, which is the last: what stands before it may be the
 * client's.
 */
function namedScheme(lines: readonly string[]): 'http' | 'https' | undefined {
  const line = trimBlanks(lines.at(-1) ?? '')
  if (line === '') return undefined
  const scheme = schemes.get(trimBlanks(line.slice(line.lastIndexOf(',') + 1)).toLowerCase())
  if (scheme === undefined) {
    throw new GatewayError('request-malformed', 'X-Forwarded-Proto is neither http nor https')
  }
  return scheme
}
