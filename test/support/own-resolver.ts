import { Resolver as DnsClient } from 'node:dns/promises'
import type { LookupAddress } from 'node:dns'
import { HostsFile } from '../../src/upstream/resolve-hosts.ts'
import { SystemResolver } from '../../src/upstream/resolve-system.ts'
import { Resolver } from '../../src/upstream/resolve.ts'
import type { DnsServer } from './dns-server.ts'

/**
 * A resolver that asks a test's own name server, and nobody else: what that does not know is not
 * there, however slow the DNS of the machine is.
 */
export function ownResolver(server: DnsServer): Resolver {
  return new Resolver({
    dns: () => {
      const client = new DnsClient()
      client.setServers([server.address])
      return client
    },
    hosts: new HostsFile('/nowhere'),
    system: new IgnorantSystem(),
  })
}

/** A system that knows no name. */
export class IgnorantSystem extends SystemResolver {
  override addresses(name: string): Promise<LookupAddress[]> {
    return Promise.reject(Object.assign(new Error(`${name} is unknown`), { code: 'ENOTFOUND' }))
  }
}
