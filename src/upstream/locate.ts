import type { LookupAddress } from 'node:dns'
import { isIP } from 'node:net'
import type { Server } from '../config/server-url.ts'
import { GatewayError } from '../errors.ts'
import { within } from './deadline.ts'
import type { NameResolver } from './resolve.ts'
import { chooseService } from './resolve-services.ts'

/** A server as it is dialled. */
export interface Located {
  /** With a host and a port of its own, where it was a service. */
  readonly server: Server
  /** What its host stands for, in the order of trying; empty where nothing has to be looked up. */
  readonly addresses: readonly LookupAddress[]
}

export interface LocateOptions {
  /** Left out, they are asked for. */
  readonly addresses?: readonly LookupAddress[] | undefined
  readonly resolver?: NameResolver
  readonly connectMs: number
  readonly signal: AbortSignal
}

const nowhere: readonly LookupAddress[] = []

/** Where a server is, if nobody has to be asked: it has an address, or its addresses are given. */
export function located(
  server: Server,
  addresses: readonly LookupAddress[] | undefined,
): Located | undefined {
  if (server.kind === 'unix' || isIP(server.host) !== 0) return { server, addresses: nowhere }
  return addresses && { server, addresses }
}

/**
 * Finds out where a server is, for one that nobody has looked up yet.
 * @throws {GatewayError} `upstream-unresolved`, `upstream-timeout`; the signal's reason
 */
export async function locate(server: Server, options: LocateOptions): Promise<Located> {
  const { addresses, resolver, connectMs, signal } = options
  const known = located(server, addresses)
  if (known !== undefined) return known
  if (resolver === undefined) throw unresolved(server)
  const late = (): Error =>
    new GatewayError('upstream-timeout', `${server.url}: no address in ${connectMs} ms`)
  return await within(connectMs, signal, late, async (own) => {
    const found = isService(server)
      ? { ...server, ...chooseService(await resolver.services(server.host, own), Math.random()) }
      : server
    return { server: found, addresses: await resolver.addresses(found.host, own) }
  })
}

/** Named by a SRV record that has not been asked for yet. */
export function isService({ kind, port }: Server): boolean {
  return kind === 'srv' && port === 0
}

function unresolved({ url }: Server): GatewayError {
  return new GatewayError('upstream-unresolved', `${url}: there is nobody to ask`)
}
