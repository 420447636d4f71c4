import { isIPv4, isIPv6 } from 'node:net'

/** A range of addresses: a CIDR, or one address as the widest prefix. */
export interface Network {
  readonly family: 'ipv4' | 'ipv6'
  readonly address: string
  readonly prefix: number
}

/**
 * The one text in which an address is compared, counted and logged: IPv6 as RFC 5952 writes it, an
 * IPv4-mapped address as IPv4, without the zone that Node appends to link-local peers.
 * @returns undefined where `text` is no IP address; brackets and ports are not part of one
 */
export function canonicalAddress(text: string): string | undefined {
  if (isIPv4(text)) return text
  if (!isIPv6(text)) return undefined
  return unmapped(canonicalIPv6(text.replace(/%.*$/, '')))
}

/**
 * Canonical text of an IPv6 address that was checked, without a zone; a mapped one stays IPv6, as
 * browsers write it in URLs.
 */
export function canonicalIPv6(address: string): string {
  return new URL(`http://[${address}]`).hostname.slice(1, -1)
}

/**
 * @returns undefined where `text` is neither an address nor a CIDR (`10.0.0.0/8`, `2001:db8::/32`)
 */
export function parseNetwork(text: string): Network | undefined {
  const [, written = '', prefixText] = /^([^/%]+)(?:\/(0|[1-9]\d{0,2}))?$/.exec(text) ?? []
  if (isIPv4(written)) return network('ipv4', written, prefixText)
  if (!isIPv6(written)) return undefined
  const address = canonicalIPv6(written)
  const ipv4 = unmapped(address)
  const range = network('ipv6', address, prefixText)
  // Peers are compared unmapped, so a mapped range has to be an IPv4 one to ever fit.
  if (range === undefined || ipv4 === address || range.prefix < 96) return range
  return { family: 'ipv4', address: ipv4, prefix: range.prefix - 96 }
}

function network(
  family: Network['family'],
  address: string,
  prefixText: string | undefined,
): Network | undefined {
  const widest = family === 'ipv4' ? 32 : 128
  const prefix = prefixText === undefined ? widest : Number(prefixText)
  return prefix <= widest ? { family, address, prefix } : undefined
}

function unmapped(address: string): string {
  const [, high, low] = /^::ffff:([0-9a-f]{1,4}):([0-9a-f]{1,4})$/.exec(address) ?? []
  if (high === undefined || low === undefined) return address
  const bytes = [high, low].flatMap((group) => {
    const number = Number.parseInt(group, 16)
    return [number >> 8, number & 0xff]
  })
  return bytes.join('.')
}
