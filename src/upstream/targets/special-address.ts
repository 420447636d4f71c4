import { ipAddress, sharePrefix } from './ip-address.ts'
import type { IpAddress } from './ip-address.ts'

/** A range that nobody means who names a backend on the network. */
export interface SpecialRange {
  readonly what: string
  readonly range: IpAddress
  readonly prefix: number
}

/**
 * The narrowest last: a metadata service is not listed by listing link-local. Private ranges are
 * not here, since that is where backends are.
 */
const specialRanges: readonly SpecialRange[] = Object.entries({
  'this network': ['0.0.0.0/8', '::/128'],
  loopback: ['127.0.0.0/8', '::1/128'],
  'link-local': ['169.254.0.0/16', 'fe80::/10'],
  multicast: ['224.0.0.0/4', 'ff00::/8'],
  // RFC 6890, RFC 3879; 240.0.0.0/4 has the broadcast address in it.
  reserved: ['192.0.0.0/24', '240.0.0.0/4', 'fec0::/10'],
  // Teredo (RFC 4380) and NAT64 of a network's own (RFC 8215): where these end up cannot be told.
  'translated to IPv4': ['2001::/32', '64:ff9b:1::/48'],
  // Of AWS (also for containers and pods), Azure, Google, Alibaba and Oracle.
  metadata: [
    '169.254.169.254/32',
    '169.254.170.2/32',
    '169.254.170.23/32',
    '168.63.129.16/32',
    '100.100.100.200/32',
    '192.0.0.192/32',
    'fd00:ec2::254/128',
    'fd00:ec2::23/128',
    'fd20:ce::254/128',
  ],
}).flatMap(([what, cidrs]) =>
  cidrs.map((cidr) => {
    const [address = '', prefix] = cidr.split('/')
    return { what, range: ipAddress(address), prefix: Number(prefix) }
  }),
)

/** The narrowest special range that an address is in. */
export function specialRangeOf(address: IpAddress): SpecialRange | undefined {
  return specialRanges.findLast(({ range, prefix }) => sharePrefix(address, range, prefix))
}
