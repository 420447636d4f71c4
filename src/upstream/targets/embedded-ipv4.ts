import { ipAddress, sharePrefix } from './ip-address.ts'
import type { IpAddress } from './ip-address.ts'

/** IPv6 ranges whose addresses stand for an IPv4 address, and where in them it is. */
const ranges = [
  // IPv4-mapped (RFC 4291 section 2.5.5.2).
  { range: '::ffff:0:0', prefix: 96, below: 0n },
  // IPv4-compatible (section 2.5.5.1), deprecated and still routed by some stacks.
  { range: '::', prefix: 96, below: 0n },
  // IPv4-translated (RFC 2765 section 2.1).
  { range: '::ffff:0:0:0', prefix: 96, below: 0n },
  // NAT64 (RFC 6052 section 2.1).
  { range: '64:ff9b::', prefix: 96, below: 0n },
  // 6to4 (RFC 3056 section 2).
  { range: '2002::', prefix: 16, below: 80n },
].map(({ range, ...rest }) => ({ range: ipAddress(range), ...rest }))

const ipv4 = 0xffff_ffffn

/**
 * The IPv4 address that an IPv6 address ends up at by way of a translator or a tunnel; undefined
 * where there is none.
 */
export function embeddedIPv4(address: IpAddress): IpAddress | undefined {
  // `::` and `::1` are no IPv4 addresses.
  if (address.family === 'ipv4' || address.bits <= 1n) return undefined
  for (const { range, prefix, below } of ranges) {
    if (!sharePrefix(address, range, prefix)) continue
    return { family: 'ipv4', bits: (address.bits >> below) & ipv4 }
  }
  // ISATAP (RFC 5214 section 6.1): under any prefix, told by the interface identifier.
  const isatap = ((address.bits >> 32n) & ~0x0200_0000n & ipv4) === 0x5efen
  return isatap ? { family: 'ipv4', bits: address.bits & ipv4 } : undefined
}
