import { isIPv4 } from 'node:net'
import { canonicalIPv6 } from '../../config/address.ts'

/** An IP address as a number, for what prefixes say of it. */
export interface IpAddress {
  readonly family: 'ipv4' | 'ipv6'
  readonly bits: bigint
}

/** @param address an IP address that was checked, without a zone */
export function ipAddress(address: string): IpAddress {
  if (isIPv4(address)) {
    return { family: 'ipv4', bits: joined(address.split('.').map(Number), 8n) }
  }
  const [head = '', tail] = canonicalIPv6(address).split('::')
  const [before, after] = [groups(head), groups(tail ?? '')]
  const zeros = Array.from({ length: 8 - before.length - after.length }, () => 0)
  return { family: 'ipv6', bits: joined([...before, ...zeros, ...after], 16n) }
}

/** Whether the first `prefix` bits of two addresses are the same. */
export function sharePrefix(a: IpAddress, b: IpAddress, prefix: number): boolean {
  if (a.family !== b.family) return false
  const rest = BigInt((a.family === 'ipv4' ? 32 : 128) - prefix)
  return a.bits >> rest === b.bits >> rest
}

function groups(text: string): number[] {
  return text === '' ? [] : text.split(':').map((group) => Number.parseInt(group, 16))
}

function joined(parts: readonly number[], width: bigint): bigint {
  let bits = 0n
  for (const part of parts) bits = (bits << width) | BigInt(part)
  return bits
}
