import { isIPv4, isIPv6, SocketAddress } from 'node:net'

/**
 * The network that an address is counted under where single addresses would be too many:
 * `192.0.2.0/24`, `2001:db8:1:2::/64`. What is no address (`unix`) is its own network.
 */
export function networkOf(address: string): string {
  if (isIPv4(address)) return `${address.slice(0, address.lastIndexOf('.'))}.0/24`
  if (isIPv6(address)) return `${firstGroups(address)}::/64`
  return address
}

/**
 * The first four groups of an IPv6 address in canonical text, without trailing zero groups (`::`
 * stands for those).
 */
function firstGroups(address: string): string {
  // SocketAddress writes the canonical text (RFC 5952), where `::` stands at most once.
  const canonical = new SocketAddress({ address: withoutZone(address), family: 'ipv6' }).address
  const [head = '', tail] = canonical.split('::')
  const before = head === '' ? [] : head.split(':')
  const after = tail === undefined || tail === '' ? [] : tail.split(':')
  // A dotted tail (`::ffff:192.0.2.1`) fills two groups.
  const width = before.length + after.length + (after.at(-1)?.includes('.') === true ? 1 : 0)
  const groups =
    tail === undefined ? before : [...before, ...Array<string>(8 - width).fill('0'), ...after]
  const first = groups.slice(0, 4)
  while (first.at(-1) === '0') first.pop()
  return first.join(':')
}

function withoutZone(address: string): string {
  const zone = address.indexOf('%')
  return zone === -1 ? address : address.slice(0, zone)
}
