import type { TargetRule } from '../../config/target-rule.ts'
import { embeddedIPv4 } from './embedded-ipv4.ts'
import { ipAddress, sharePrefix } from './ip-address.ts'
import type { IpAddress } from './ip-address.ts'
import { specialRangeOf } from './special-address.ts'
import type { SpecialRange } from './special-address.ts'

export interface TargetRules {
  /** Undefined: whatever is not special. */
  readonly allow?: readonly TargetRule[]
  readonly deny: readonly TargetRule[]
}

/** One address of a target, as it is about to be dialled. */
export interface Destination {
  /** The name that was looked up, in lower case without its trailing dot; undefined for a literal. */
  readonly name: string | undefined
  /** Canonical text, an IPv4-mapped one as IPv4. */
  readonly address: string
  readonly port: number
}

/**
 * Which targets may be dialled. It is asked about addresses, after names have been looked up: what a
 * name says of itself is not to be trusted, and what is dialled is the very address that was asked
 * about.
 */
export class TargetPolicy {
  readonly #allow: readonly TargetRule[] | undefined
  readonly #deny: readonly TargetRule[]

  constructor({ allow, deny }: TargetRules) {
    this.#allow = allow
    this.#deny = deny
  }

  /**
   * An address that stands for an IPv4 address has to pass as both. A special one passes where it
   * is listed: by an entry no wider than its range, so that `0.0.0.0/0` is not how loopback gets
   * reachable.
   */
  permits({ name, address, port }: Destination): boolean {
    const itself = ipAddress(address)
    const embedded = embeddedIPv4(itself)
    const readings = embedded === undefined ? [itself] : [itself, embedded]
    const denied = this.#deny.some((rule) =>
      readings.some((reading) => covers(rule, name, reading, port)),
    )
    if (denied) return false
    for (const reading of readings) {
      const range = specialRangeOf(reading)
      if (range === undefined) continue
      const lists = (rule: TargetRule): boolean =>
        isNarrow(rule, range) && covers(rule, name, reading, port)
      if (this.#allow?.some(lists) !== true) return false
    }
    return this.#allow?.some((rule) => covers(rule, name, itself, port)) ?? true
  }

  /**
   * Whether a name could pass with any address at all. Where not, nobody looks it up: what clients
   * name is not to tell them what the DNS knows, nor to keep it busy.
   */
  couldPermit(name: string, port: number): boolean {
    const fitsName = (rule: TargetRule): boolean =>
      rule.kind === 'name' && hasPort(rule, port) && fits(rule.name, name)
    if (this.#deny.some(fitsName)) return false
    const fitsAny = (rule: TargetRule): boolean => rule.kind === 'network' && hasPort(rule, port)
    return this.#allow?.some((rule) => fitsName(rule) || fitsAny(rule)) ?? true
  }

  /** A unix socket is this machine's own, so that it has to be listed. */
  permitsUnix(path: string): boolean {
    // A spelling that is not plain may lead out of a folder.
    if (/\/(?:\.{0,2}\/|\.{0,2}$)/.test(path)) return false
    return (
      this.#allow?.some((rule) => coversUnix(rule, path)) === true &&
      !this.#deny.some((rule) => coversUnix(rule, path))
    )
  }
}

function covers(
  rule: TargetRule,
  name: string | undefined,
  address: IpAddress,
  port: number,
): boolean {
  if (rule.kind === 'unix' || !hasPort(rule, port)) return false
  if (rule.kind === 'name') return name !== undefined && fits(rule.name, name)
  return sharePrefix(address, ipAddress(rule.network.address), rule.network.prefix)
}

function hasPort({ ports }: Exclude<TargetRule, { kind: 'unix' }>, port: number): boolean {
  return ports.some(({ first, last }) => first <= port && port <= last)
}

/** A name lists no special address, since the DNS says what it stands for; but `localhost` is known. */
function isNarrow(rule: TargetRule, { what, prefix }: SpecialRange): boolean {
  if (rule.kind === 'name') return rule.name === 'localhost' && what === 'loopback'
  return rule.kind === 'network' && rule.network.prefix >= prefix
}

function coversUnix(rule: TargetRule, path: string): boolean {
  if (rule.kind !== 'unix') return false
  return rule.path.endsWith('/')
    ? path.startsWith(rule.path) && !path.slice(rule.path.length).includes('/')
    : path === rule.path
}

function fits(pattern: string, name: string): boolean {
  return pattern === name || (pattern.startsWith('*.') && name.endsWith(pattern.slice(1)))
}
