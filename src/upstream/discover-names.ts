import type { LookupAddress } from 'node:dns'
import { isIP } from 'node:net'
import type { ServerConfig } from '../config/settled/upstreams.ts'
import type { Discover } from './discover.ts'
import { isService } from './locate.ts'
import type { MemberSettings } from './member.ts'
import type { NameResolver } from './resolve.ts'
import { keyAt } from './member-key.ts'
import { asServers } from './resolve-order.ts'
import { shareOf } from './resolve-services.ts'
import type { Service } from './resolve-services.ts'

type Found = Parameters<Discover>[1]

/**
 * The servers that names stand for: each address one, and each host that a SRV record names. A name
 * that is not known yet is the server as it is written, and looked up when it is dialled. What was
 * once found stays while the DNS fails.
 */
export function discoverNames(resolver: NameResolver): Discover {
  return (config, found) => {
    const { server } = config
    if (isService(server)) return followServices(config, found, resolver)
    return followName(config, server.url, found, resolver)
  }
}

function followName(
  config: ServerConfig,
  key: string,
  found: Found,
  resolver: NameResolver,
): () => void {
  found([{ ...config, key }])
  const { server } = config
  if (server.kind === 'unix' || isIP(server.host) !== 0) return () => undefined
  return resolver.watchAddresses(server.host, (addresses) => {
    found(membersAt(asServers(addresses), config, key))
  })
}

/**
 * One server keeps the key, so that what is told of it does not change with its address. Several are
 * told apart by the address that is tried first: which IPv4 address a pair has depends on the others.
 */
function membersAt(
  servers: readonly (readonly LookupAddress[])[],
  config: ServerConfig,
  key: string,
): MemberSettings[] {
  const isOnly = servers.length === 1
  return servers.map((addresses) => ({
    ...config,
    addresses,
    key: isOnly ? key : keyAt(key, addresses[0]!),
  }))
}

/** One host of a service: what it stands for by now, its share, and what ends following it. */
interface Followed {
  members: readonly MemberSettings[]
  share: number
  stop: () => void
}

function followServices(config: ServerConfig, found: Found, resolver: NameResolver): () => void {
  const { url } = config.server
  /** By host and port. */
  const hosts = new Map<string, Followed>()
  let settled = false
  const tell = (): void => {
    if (!settled) return
    found(
      [...hosts.values()].flatMap(({ members, share }) =>
        members.map((member) => ({ ...member, weight: config.weight * share })),
      ),
    )
  }
  const follow = ({ host, port }: Service, place: string): Followed => {
    const followed: Followed = { members: [], share: 1, stop: () => undefined }
    const server = { ...config, server: { ...config.server, host, port } }
    const members = (list: readonly MemberSettings[]): void => {
      followed.members = list
      tell()
    }
    followed.stop = followName(server, `${url}#${place}`, members, resolver)
    return followed
  }
  const replace = (services: readonly Service[]): void => {
    settled = false
    const gone = new Set(hosts.keys())
    for (const service of services) {
      const place = `${service.host}:${service.port}`
      const followed = hosts.get(place) ?? follow(service, place)
      followed.share = shareOf(service)
      hosts.set(place, followed)
      gone.delete(place)
    }
    for (const place of gone) {
      hosts.get(place)?.stop()
      hosts.delete(place)
    }
    settled = true
    tell()
  }
  found([{ ...config, key: url }])
  const stopWatching = resolver.watchServices(config.server.host, replace)
  return () => {
    stopWatching()
    for (const { stop } of hosts.values()) stop()
  }
}
