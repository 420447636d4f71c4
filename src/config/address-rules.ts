import { z } from 'zod'
import { unixAddress } from '../peer.ts'
import { parseNetwork } from './address.ts'
import { text } from './scalars.ts'

export const AddressRange = text(
  (written) => (parseNetwork(written) === undefined ? undefined : written),
  'address or CIDR',
  'an address or CIDR such as 192.0.2.1, 10.0.0.0/8 or 2001:db8::/32',
)

/** Whom a listener may find at the other end of a socket. */
export const PeerRange = text(
  (written) =>
    written === unixAddress || parseNetwork(written) !== undefined ? written : undefined,
  'address, CIDR or `unix`',
  'an address or CIDR such as 10.0.0.0/8, or unix',
)

export const AddressRules = z.strictObject({
  allow: z
    .array(AddressRange)
    .optional()
    .describe('Only clients from these addresses may come in. Left out: everybody may.'),
  deny: z
    .array(AddressRange)
    .optional()
    .describe('Clients from these addresses are refused, whatever `allow` says. Left out: nobody.'),
})
