import { isIPv4 } from 'node:net'
import { networkOf } from '../observe/network.ts'

/**
 * What a client is counted under: its address, or its /64 where that is IPv6, since whoever has one
 * address of it has them all.
 * @param address in its canonical text, an IPv4-mapped one as IPv4
 */
export function clientKey(address: string): string {
  if (isIPv4(address)) return address
  // Most have their first four groups written out, and a flood of them should cost little.
  const written = fourGroups.exec(address)?.[1]
  return written === undefined ? networkOf(address) : `${written}::/64`
}

/** The fourth not zero: a name ends before trailing zeros. */
const fourGroups = /^((?:[0-9a-f]{1,4}:){3}[1-9a-f][0-9a-f]{0,3}):/
