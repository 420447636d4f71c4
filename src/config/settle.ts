import { resolve } from 'node:path'
import type { BindAddress } from './bind-address.ts'
import type { Config } from './config.ts'
import type { ListenerConfig } from './settled/listeners.ts'
import type { RouteAction, RouteConfig } from './settled/routes.ts'
import type { ClientCertificateConfig } from './settled/tls.ts'
import type { ServerConfig, UpstreamConfig } from './settled/upstreams.ts'
import { deepFreeze, defined } from './objects.ts'
import { presets } from './protocols.ts'
import type { CheckedFile } from './schema.ts'
import { mergeIdentity, ownedHeaders, settleAuthenticator } from './settle-auth.ts'
import { mergeLimits, noMessageLimit, settleLimits } from './settle-limits.ts'
import { settleHealth } from './settle-health.ts'
import { settleTargets } from './settle-targets.ts'
import { settleUpstreamTls } from './settle-upstream-tls.ts'
import { isSentUnasked } from './unasked.ts'

type CheckedRoute = CheckedFile['routes'][number]

/**
 * Makes of a checked file what the stages consume: paths absolute, each route complete, frozen all
 * the way down.
 */
export function settle(file: CheckedFile, folder: string): Config {
  const authenticators = mapValues(file.authenticators, (one) => settleAuthenticator(one, folder))
  const identity = { headers: lowerCaseKeys(file.identity.headers) }
  const limits = settleLimits(file.limits)
  const global = { limits, timeouts: file.timeouts, identity, authenticators }
  const routes = file.routes.map((route, index) => settleRoute(route, index, global, folder))
  const config: Config = {
    listeners: mapValues(file.listeners, (listener) => settleListener(listener, folder)),
    trustedProxies: file.trustedProxies,
    admission: {
      connections: file.admission.connections,
      ...defined({
        connectionsPerClient: file.admission.connectionsPerClient,
        handshakesPerClient: file.admission.handshakesPerClient,
      }),
      requestsPerClient: file.admission.requestsPerClient,
      memory: file.admission.memory,
    },
    upstreams: mapValues(file.upstreams, (upstream) => settleUpstream(upstream, folder)),
    routes,
    ownedHeaders: ownedHeaders(
      [identity, ...routes.map((route) => route.identity)],
      Object.values(authenticators),
    ),
    ...(file.monitor && { monitor: { bind: absoluteBind(file.monitor.bind, folder) } }),
    log: file.log,
    sessions: file.sessions,
    ...global,
  }
  return deepFreeze(config)
}

function settleListener(
  listener: CheckedFile['listeners'][string],
  folder: string,
): ListenerConfig {
  const { bind, tls, clients, acceptProxyProtocol } = listener
  const certificates = tls?.certificates.map(({ cert, key }) => ({
    cert: resolve(folder, cert),
    key: resolve(folder, key),
  }))
  return {
    bind: absoluteBind(bind, folder),
    ...(tls &&
      certificates && {
        tls: {
          certificates,
          minVersion: tls.minVersion,
          optional: tls.optional,
          ...defined({ clientCertificate: settleClientCertificate(tls, folder) }),
        },
      }),
    clients: defined(clients),
    proxyProtocolFrom: acceptProxyProtocol?.from ?? [],
  }
}

function settleClientCertificate(
  { clientCertificate }: NonNullable<CheckedFile['listeners'][string]['tls']>,
  folder: string,
): ClientCertificateConfig | undefined {
  return clientCertificate && { ...clientCertificate, ca: resolve(folder, clientCertificate.ca) }
}

function absoluteBind(bind: BindAddress, folder: string): BindAddress {
  return bind.kind === 'unix' ? { kind: 'unix', path: resolve(folder, bind.path) } : bind
}

function settleUpstream(
  upstream: CheckedFile['upstreams'][string],
  folder: string,
): UpstreamConfig {
  const { servers, balance, sticky, retries, queue, onDown, preserveHost, timeouts } = upstream
  const { sendProxyProtocol, health, ejection, slowStart } = upstream
  return {
    servers: servers.map((written) => settleServer(written, upstream.maxConnections, folder)),
    balance,
    ...defined({ sticky: sticky && defined(sticky), queue, sendProxyProtocol, ejection }),
    ...defined({
      health: health && settleHealth(health),
      slowStart: slowStart === 0 ? undefined : slowStart,
    }),
    retries,
    onDown,
    tls: settleUpstreamTls(upstream.tls, folder),
    preserveHost,
    timeouts,
  }
}

function settleServer(
  written: CheckedFile['upstreams'][string]['servers'][number],
  maxConnections: number,
  folder: string,
): ServerConfig {
  const mapping = 'kind' in written ? { url: written, weight: 1 } : written
  const { url, weight } = mapping
  return {
    server: url.kind === 'unix' ? { ...url, path: resolve(folder, url.path) } : url,
    weight,
    maxConnections: mapping.maxConnections ?? maxConnections,
  }
}

function settleRoute(
  route: CheckedRoute,
  index: number,
  global: Pick<Config, 'limits' | 'timeouts' | 'identity' | 'authenticators'>,
  folder: string,
): RouteConfig {
  const { match, origins, auth, refuse, clients, compression } = route
  const { handshake: _, keepAlive: __, ...timeouts } = global.timeouts
  const action = settleAction(route, folder)
  const base = action.kind === 'bridge' ? { ...global.limits, ...noMessageLimit } : global.limits
  const preset = presets[route.protocol ?? 'raw']
  const isUnasked = auth.some((name) => isSentUnasked(global.authenticators[name]!))
  return {
    name: route.name ?? `route-${index + 1}`,
    match: {
      hosts: match.host ?? [],
      paths: match.path ?? [],
      ...defined({ websocket: match.websocket }),
    },
    // Any origin is any origin, whatever stands beside it.
    ...defined({ origins: origins?.includes('*') === true ? ['*'] : origins }),
    requireOrigin: route.requireOrigin ?? isUnasked,
    refuse,
    auth,
    identity: mergeIdentity(global.identity, { headers: lowerCaseKeys(route.identity.headers) }),
    clients: defined(clients),
    limits: mergeLimits(base, route.limits),
    timeouts: { ...timeouts, ...defined({ idle: preset.idle }), ...defined(route.timeouts) },
    compression,
    action,
  }
}

function settleAction(route: CheckedRoute, folder: string): RouteAction {
  if (route.proxy !== undefined) return { kind: 'proxy', upstream: route.proxy }
  if (route.bridge !== undefined) {
    const { bridge, messages = 'binary' } = route
    const { greeting, ...preset } = presets[route.protocol ?? 'raw']
    const subprotocols = route.subprotocols ?? preset.subprotocols
    const upstream = typeof bridge === 'string' ? bridge : settleTargets(bridge, folder)
    return { kind: 'bridge', upstream, subprotocols, messages, ...defined({ greeting }) }
  }
  if (route.static !== undefined)
    return { kind: 'static', directory: resolve(folder, route.static) }
  if (route.respond !== undefined) {
    return { kind: 'respond', status: route.respond.status, body: route.respond.body }
  }
  const port = route.redirect instanceof Object ? route.redirect.port : undefined
  return { kind: 'redirect', port }
}

function lowerCaseKeys(record: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(record).map(([key, value]) => [key.toLowerCase(), value]),
  )
}

function mapValues<From, To>(
  record: Readonly<Record<string, From>>,
  map: (value: From) => To,
): Record<string, To> {
  return Object.fromEntries(Object.entries(record).map(([key, value]) => [key, map(value)]))
}
