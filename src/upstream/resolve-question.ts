import type { LookupAddress } from 'node:dns'
import { Resolver as DnsClient } from 'node:dns/promises'
import { HostsFile } from './resolve-hosts.ts'
import { inTryingOrder } from './resolve-order.ts'
import type { Service } from './resolve-services.ts'
import { SystemResolver } from './resolve-system.ts'

/** The addresses of a name, at least one, and how long they are good. */
export interface Answer {
  readonly addresses: readonly LookupAddress[]
  readonly ttlMs: number
}

export interface QuestionParts {
  /** One for each question: it knows the name servers that the system has by then. */
  readonly dns: () => DnsClient
  readonly hosts: HostsFile
  readonly system: SystemResolver
}

/** Where nobody says how long: the hosts file, the system's resolver, SRV records in Node's API. */
const usualMs = 10_000
const shortestMs = 1_000
const longestMs = 3_600_000

export function questionParts(): QuestionParts {
  return {
    // Two tries of this length end within the 5 s that a connect has.
    dns: () => new DnsClient({ timeout: 1_500, tries: 2 }),
    hosts: new HostsFile(),
    system: new SystemResolver(),
  }
}

/**
 * Looks a name up, once: in the hosts file, then in the DNS, and where that knows no such name as the
 * system does it, by search domains and whatever else nsswitch.conf has.
 * @param signal where nobody waits any more; not everything on the way can be stopped
 * @throws {Error} with a `code` such as ENOTFOUND, ESERVFAIL, ETIMEOUT
 */
export async function askAddresses(
  written: string,
  { dns, hosts, system }: QuestionParts,
  signal?: AbortSignal,
): Promise<Answer> {
  const name = written.toLowerCase().replace(/\.$/, '')
  const known = await hosts.addresses(name)
  if (known !== undefined) return { addresses: inTryingOrder(known), ttlMs: usualMs }
  // A name of one label is nearly always meant to be completed.
  const asked = name.includes('.') ? await askDns(name, dns()) : 'unknown'
  if (asked !== 'unknown') return asked
  const addresses = inTryingOrder(await system.addresses(written, signal))
  if (addresses.length === 0) throw Object.assign(new Error('no address'), { code: 'ENODATA' })
  return { addresses, ttlMs: usualMs }
}

/**
 * The hosts of the lowest priority number (RFC 2782): others are for when none of these is left,
 * which nobody but the DNS's keeper can say.
 * @throws {Error} like `askAddresses`
 */
export async function askServices(
  name: string,
  { dns }: QuestionParts,
): Promise<{ services: readonly Service[]; ttlMs: number }> {
  const records = await dns().resolveSrv(name)
  const priority = Math.min(...records.map((record) => record.priority))
  const services = records
    .filter((record) => record.priority === priority && record.port > 0)
    .map((record) => ({
      host: record.name.toLowerCase().replace(/\.$/, ''),
      port: record.port,
      weight: record.weight,
    }))
    // A lone dot: the service is decidedly not available.
    .filter(({ host }) => host !== '')
  if (services.length === 0) throw Object.assign(new Error('no service'), { code: 'ENODATA' })
  return { services, ttlMs: usualMs }
}

/** Both kinds at once. Where one is there, that the other cannot be had matters to nobody. */
async function askDns(name: string, dns: DnsClient): Promise<Answer | 'unknown'> {
  const [six, four] = await Promise.allSettled([
    dns.resolve6(name, { ttl: true }),
    dns.resolve4(name, { ttl: true }),
  ])
  const records = [
    ...(six.status === 'fulfilled' ? six.value.map((one) => ({ ...one, family: 6 })) : []),
    ...(four.status === 'fulfilled' ? four.value.map((one) => ({ ...one, family: 4 })) : []),
  ]
  if (records.length > 0) {
    const ttlMs = Math.min(...records.map(({ ttl }) => ttl)) * 1000
    const addresses = inTryingOrder(records.map(({ address, family }) => ({ address, family })))
    return { addresses, ttlMs: Math.min(Math.max(ttlMs, shortestMs), longestMs) }
  }
  for (const result of [four, six]) {
    if (result.status === 'rejected' && !unknown.has(codeOf(result.reason))) throw result.reason
  }
  return 'unknown'
}

/** No such name, no address of the kind, no DNS at all: the system may know better. */
const unknown = new Set(['ENOTFOUND', 'ENODATA', 'ECONNREFUSED'])

export function codeOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  return 'code' in error && typeof error.code === 'string' ? error.code : error.message
}
