import { isIPv4, isIPv6 } from 'node:net'

/**
 * Whether the text is an address or a CIDR. Zones are refused, and IPv4 written as IPv6: peers are known by their
 * canonical addresses, so that such a rule would never match.
 */
export function isAddressRange(text: string): boolean {
  const slash = text.indexOf('/')
  const address = slash === -1 ? text : text.slice(0, slash)
  const bits = isIPv4(address) ? 32 : 128
  if (bits === 128 && (!isIPv6(address) || address.includes('%') || isMapped(address))) return false
  if (slash === -1) return true
  const prefix = text.slice(slash + 1)
  return /^(?:0|[1-9]\d{0,2})$/.test(prefix) && Number(prefix) <= bits
}

function isMapped(address: string): boolean {
  return new URL(`http://[${address}]`).hostname.startsWith('[::ffff:')
}
