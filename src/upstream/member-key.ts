import type { LookupAddress } from 'node:dns'
import type { MemberSettings } from './member.ts'

/** The key of one of several members that one name stands for, by the address it is tried at first. */
export function keyAt(nameKey: string, { address }: LookupAddress): string {
  return `${nameKey}#${address}`
}

type Place = Pick<MemberSettings, 'key' | 'addresses'>

/**
 * Whether these are one server under two keys: a name's only server has the name's key, and one of
 * several has its address in it.
 */
export function isSamePlace(one: Place, other: Place): boolean {
  return isOneOf(one, other) || isOneOf(other, one)
}

/** Whether `one` is what the name alone stood for, or is to stand for. */
function isOneOf(one: Place, name: Place): boolean {
  const [lead] = one.addresses ?? []
  if (lead === undefined || one.key !== keyAt(name.key, lead)) return false
  return name.addresses?.some(({ address }) => hasAddress(one, address)) === true
}

function hasAddress({ addresses }: Place, address: string): boolean {
  return addresses?.some((one) => one.address === address) === true
}
