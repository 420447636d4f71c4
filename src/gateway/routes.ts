import { AddressRules } from '../admission/addresses.ts'
import type { Authenticators } from '../auth/build.ts'
import { AuthChain } from '../auth/chain.ts'
import { foldHeaderName } from '../config/identity-header.ts'
import type { RouteConfig } from '../config/config.ts'
import { logoutPath } from '../config/jwt.ts'
import { OriginRules } from '../handshake/origin.ts'
import { takeLogout } from '../pipeline/logout-endpoint.ts'
import type { Action, Endpoint, Route, RouteAuth } from '../pipeline/stages.ts'
import { giveTicket } from '../pipeline/ticket-endpoint.ts'
import { RouteTable } from '../route/route-table.ts'
import type { UpstreamPool } from '../upstream/pool.ts'

/** What the routes of a configuration refer to by name. */
interface Named {
  readonly pools: ReadonlyMap<string, UpstreamPool>
  readonly authenticators: Authenticators
}

/** The routes of a configuration with the stages that they stand for. */
export function buildRoutes(configs: readonly RouteConfig[], named: Named): RouteTable<Route> {
  // The routes' own hosts are what an origin check may take for ours, so that the check needs the
  // table it stands in.
  const knowsHost = (name: string): boolean => table.knowsHost(name)
  const table = new RouteTable(configs.map((config) => buildRoute(config, named, knowsHost)))
  return table
}

/**
 * The paths that the gateway answers itself, for as long as something is configured that needs
 * them.
 */
export function ownEndpoints({ tickets, logouts }: Authenticators): ReadonlyMap<string, Endpoint> {
  const endpoints = new Map<string, Endpoint>()
  for (const { path } of tickets) endpoints.set(path, giveTicket)
  if (logouts.length > 0) endpoints.set(logoutPath, takeLogout)
  return endpoints
}

function buildRoute(
  config: RouteConfig,
  named: Named,
  knowsHost: (name: string) => boolean,
): Route {
  const { name, match, limits, timeouts, compression, refuse } = config
  return {
    name,
    match,
    limits,
    timeouts,
    compression,
    refuse,
    auth: routeAuth(config, named),
    clients: new AddressRules(config.clients),
    origins: new OriginRules(config, knowsHost),
    action: routeAction(config, named),
  }
}

function routeAuth(
  { auth, identity }: RouteConfig,
  { authenticators }: Named,
): RouteAuth | undefined {
  if (auth.length === 0) return undefined
  const tickets = authenticators.tickets.filter(({ name }) => auth.includes(name))
  const others = auth.flatMap((name) => {
    const authenticator = authenticators.all.get(name)
    if (authenticator === undefined) throw new Error(`no authenticator ${name}`)
    return authenticator.kind === 'ticket' ? [] : [authenticator]
  })
  return {
    // A ticket is spent wherever it is shown, and costs the least to look at.
    chain: new AuthChain([...tickets, ...others]),
    tickets,
    owned: new Set(others.flatMap(({ owns = [] }) => owns.map(foldHeaderName))),
    ticketChain: new AuthChain(others),
    identityHeaders: identity.headers,
  }
}

function routeAction({ action }: RouteConfig, { pools }: Named): Action {
  if (action.kind !== 'proxy' && action.kind !== 'bridge') return action
  if (typeof action.upstream !== 'string') throw new Error('targets are not built yet')
  const upstream = pools.get(action.upstream)
  if (upstream === undefined) throw new Error(`no upstream ${action.upstream}`)
  return { ...action, upstream, upstreamName: action.upstream }
}
