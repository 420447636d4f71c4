import type { LookupAddress } from 'node:dns'

/**
 * Addresses in the order in which they are best tried: IPv6 first, then the families in turn, so that
 * a family that leads nowhere costs one attempt (RFC 8305 section 4). Each family sorted, since
 * servers rotate their answers and what has not changed is not to look changed.
 */
export function inTryingOrder(addresses: readonly LookupAddress[]): LookupAddress[] {
  const [six, four] = families(addresses)
  const ordered: LookupAddress[] = []
  for (let at = 0; at < Math.max(six.length, four.length); at++) {
    ordered.push(...six.slice(at, at + 1), ...four.slice(at, at + 1))
  }
  return ordered
}

/**
 * The servers behind the addresses of one name. An IPv6 and an IPv4 address are taken for one server
 * of which it is not known over which it can be reached: two that answer over both are two servers
 * then, not four, and over which they are reached never matters to what is counted of them.
 */
export function asServers(addresses: readonly LookupAddress[]): LookupAddress[][] {
  const [six, four] = families(addresses)
  return Array.from({ length: Math.max(six.length, four.length) }, (_, at) => [
    ...six.slice(at, at + 1),
    ...four.slice(at, at + 1),
  ])
}

function families(addresses: readonly LookupAddress[]): [LookupAddress[], LookupAddress[]] {
  const distinct = [...new Map(addresses.map((one) => [one.address, one])).values()]
  distinct.sort((a, b) => (a.address < b.address ? -1 : 1))
  return [
    distinct.filter(({ family }) => family === 6),
    distinct.filter(({ family }) => family !== 6),
  ]
}
