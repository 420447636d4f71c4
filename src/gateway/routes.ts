import { AddressRules } from '../admission/addresses.ts'
import type { Authenticators } from '../auth/build.ts'
import { AuthChain } from '../auth/chain.ts'
import { foldHeaderName } from '../config/identity-header.ts'
import type { RouteConfig } from '../config/settled/routes.ts'
import type { TargetsConfig } from '../config/settled/targets.ts'
import { logoutPath } from '../config/jwt.ts'
import { OriginRules } from '../handshake/origin.ts'
import { takeLogout } from '../pipeline/logout-endpoint.ts'
import { ShownHeads } from '../pipeline/shown-heads.ts'
import type { Action, Endpoint, Route, RouteAuth } from '../pipeline/stages.ts'
import { giveTicket } from '../pipeline/ticket-endpoint.ts'
import { RouteTable } from '../route/route-table.ts'
import type { UpstreamPool } from '../upstream/pool.ts'
import type { TargetDialer } from '../upstream/targets/target-dialer.ts'

/** What the routes of a configuration refer to by name. */
interface Named {
  readonly pools: ReadonlyMap<string, UpstreamPool>
  readonly authenticators: Authenticators
  /** Of a bridge whose sessions say themselves where they go. */
  readonly targets: (config: TargetsConfig) => TargetDialer
}

/** The routes of a configuration with the stages that they stand for. */
export function buildRoutes(
  configs: readonly RouteConfig[],
  named: Named,
): { readonly routes: RouteTable<Route>; readonly shownHeads: ShownHeads } {
  // The routes' own hosts are what an origin check may take for ours, so that the check needs the
  // table it stands in.
  const knowsHost = (name: string): boolean => table.knowsHost(name)
  const routes = configs.map((config) => buildRoute(config, named, knowsHost))
  const table = new RouteTable(routes)
  return { routes: table, shownHeads: new ShownHeads(routes) }
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
    // Whoever comes over https already would be sent to where it is.
    match: config.action.kind === 'redirect' ? { ...match, secure: false } : match,
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

function routeAction({ action }: RouteConfig, { pools, targets }: Named): Action {
  if (action.kind !== 'proxy' && action.kind !== 'bridge') return action
  const { upstream: leadsTo } = action
  if (typeof leadsTo !== 'string') {
    // Only a bridge has targets, which the type of a configuration cannot say twice.
    if (action.kind !== 'bridge') throw new Error('targets of no bridge')
    return { ...action, upstream: targets(leadsTo), upstreamName: 'targets', from: leadsTo.from }
  }
  const upstream = pools.get(leadsTo)
  if (upstream === undefined) throw new Error(`no upstream ${leadsTo}`)
  return { ...action, upstream, upstreamName: leadsTo }
}
