import { performance } from 'node:perf_hooks'
import type { AddressRules } from './admission/addresses.ts'
import type { Admission } from './admission/admission.ts'
import type { Limits, RouteTimeouts } from './config/config.ts'
import type { Connection } from './connection.ts'
import { GatewayError } from './errors.ts'
import { switchingProtocols } from './handshake/accept.ts'
import type { OriginRules } from './handshake/origin.ts'
import { refuse, refuseSocket } from './handshake/refusal.ts'
import { chooseSubprotocol } from './handshake/subprotocol.ts'
import { parseUpgrade } from './handshake/upgrade-request.ts'
import type { UpgradeRequest } from './handshake/upgrade-request.ts'
import { relayAnswer } from './http/answer.ts'
import { forward } from './http/forward.ts'
import { outboundHeaders } from './http/headers.ts'
import { answerOptions, redirect, respond } from './http/own-answer.ts'
import { serveStatic } from './http/static-files.ts'
import { glance } from './listener/glance.ts'
import { readEdgeRequest } from './listener/edge-request.ts'
import type { EdgeRequest } from './listener/edge-request.ts'
import type { Exchange } from './listener/exchange.ts'
import type { TrustedProxies } from './listener/forwarded.ts'
import type { SessionFacts } from './observe/connection-record.ts'
import { RequestRecord } from './observe/request-record.ts'
import type { Answered, RecordSinks } from './observe/request-record.ts'
import { SessionRecord } from './observe/session-record.ts'
import { Session } from './relay/session.ts'
import type { Sweep } from './relay/sweep.ts'
import { bridgeTcp } from './relay/tcp-bridge.ts'
import { relayWebSocket } from './relay/websocket-relay.ts'
import { strippedPrefix } from './route/path-pattern.ts'
import type { RouteTable } from './route/route-table.ts'
import type { UpstreamPool } from './upstream/pool.ts'
import type { DialedTcp, DialedWebSocket, UpstreamAnswer } from './upstream/upstream.ts'

/** One route of the configuration, with the stages it stands for. */
export interface Route {
  readonly name: string
  readonly match: {
    readonly hosts: readonly string[]
    readonly paths: readonly string[]
    readonly websocket?: boolean
  }
  readonly clients: AddressRules
  readonly origins: OriginRules
  readonly limits: Limits
  readonly timeouts: RouteTimeouts
  readonly compression: 'pass' | 'off'
  readonly action: Action
}

/** A route that leads to an upstream. */
interface Tunnel {
  readonly upstream: UpstreamPool
  /** The upstream's name in the configuration. */
  readonly upstreamName: string
}
export interface ProxyAction extends Tunnel {
  readonly kind: 'proxy'
}
export interface BridgeAction extends Tunnel {
  readonly kind: 'bridge'
  readonly subprotocols: readonly string[]
  readonly messages: 'binary' | 'text'
}
export type Action =
  | ProxyAction
  | BridgeAction
  | { readonly kind: 'static'; readonly directory: string }
  | { readonly kind: 'respond'; readonly status: number; readonly body: string | undefined }
  | { readonly kind: 'redirect'; readonly port: number | undefined }

/** What a connection passes. Constructed by the gateway, and immutable. */
export interface Stages {
  readonly trust: TrustedProxies
  readonly routes: RouteTable<Route>
  /** The address rules of each listener. */
  readonly listeners: ReadonlyMap<string, AddressRules>
  readonly admission: Admission
  /** Canonical names that no client may send. */
  readonly identityHeaders: ReadonlySet<string>
  /** Every session that lives, with its record. */
  readonly sessions: Map<Session, SessionRecord>
  readonly sweep: Sweep
  readonly sinks: RecordSinks
  readonly nextId: () => string
  /** True once a drain has begun: requests that still come are refused. */
  readonly draining: () => boolean
}

/**
 * One request, from its head to the last byte of its answer or the last frame of its session, one line a stage. Never
 * rejects: every exit is an answer and a line of the log.
 */
export async function serve(exchange: Exchange, stages: Stages): Promise<void> {
  const { connection } = exchange
  const record = new RequestRecord(stages.sinks, {
    id: stages.nextId(),
    listener: connection.listener,
    peer: connection.peer.address,
  })
  try {
    if (connection.refusal !== undefined) throw connection.refusal
    const request = read(exchange, record, stages)
    if (stages.draining()) throw new GatewayError('draining', 'the gateway is shutting down')
    if (request.target === '*') {
      record.answered(answerOptions(exchange.head, exchange.response))
      return
    }
    const route = stages.routes.match(request)
    record.route = route.name
    stages.listeners.get(connection.listener)?.check(request.client)
    route.clients.check(request.client)
    if (request.websocket && (route.action.kind === 'proxy' || route.action.kind === 'bridge')) {
      await serveUpgrade(exchange, request, route, route.action, record, stages)
    } else {
      record.answered(await serveRequest(exchange, request, route, stages))
    }
  } catch (thrown) {
    const error = GatewayError.from(connection.signal.aborted ? connection.signal.reason : thrown)
    if (!record.known) record.know(glance(exchange.head, connection.peer, stages.trust))
    if (error.token === 'client-lost') record.answered({ status: 0, error })
    else record.refused(refuse(exchange, error), error)
  }
}

/** A connection that failed before it came to a request. */
export function serveNothing(connection: Connection, error: GatewayError, stages: Stages): void {
  const record = new RequestRecord(stages.sinks, {
    id: stages.nextId(),
    listener: connection.listener,
    peer: connection.peer.address,
  })
  record.refused(refuseSocket(connection.socket, error), error)
}

/** The life of one WebSocket connection. The upstream answers before the client does, so that its failure is still a 502. */
async function serveUpgrade(
  exchange: Exchange,
  request: EdgeRequest,
  route: Route,
  action: ProxyAction | BridgeAction,
  record: RequestRecord,
  stages: Stages,
): Promise<void> {
  const { connection, takeover, response } = exchange
  const { signal } = connection
  const { metrics } = stages.sinks
  const upgrade = parseUpgrade(request)
  route.origins.check(upgrade.origin, request)
  stages.admission.admitHandshake(request.client)
  // Node hands the socket over for what parseUpgrade takes; were they ever to differ, nothing is tunnelled.
  if (takeover === undefined) throw new GatewayError('handshake-invalid', 'not an upgrade to Node')
  const dialedAt = performance.now()
  const dialed = await dial(upgrade, route, action, signal, stages)
  metrics.dialSeconds(action.upstreamName, (performance.now() - dialedAt) / 1000)
  if (dialed.kind === 'answer') {
    const { status, server } = dialed
    const stallMs = route.timeouts.stall
    record.answered({
      status,
      server,
      ...(await relayAnswer(dialed, response, { stallMs, signal })),
    })
    return
  }
  if (signal.aborted) {
    dialed.socket.destroy()
    throw signal.reason
  }
  const { protocol, extensions } = dialed
  takeover.accept(switchingProtocols({ key: upgrade.key, protocol, extensions }))
  metrics.handshakeSeconds(route.name, record.elapsedMs / 1000)
  const { id, client, host, path } = request
  const { listener } = connection
  const names = { id, listener, route: route.name, client, host, path }
  const facts = { ...names, upstream: dialed.server, subprotocol: protocol }
  await serveSession(connection, dialed, facts, route, action, stages)
}

type Dialed = UpstreamAnswer | DialedWebSocket | DialedBackend
interface DialedBackend extends DialedTcp {
  readonly kind: 'tcp'
  readonly protocol: string | undefined
  readonly extensions: undefined
}

async function dial(
  upgrade: UpgradeRequest,
  { compression }: Route,
  action: ProxyAction | BridgeAction,
  signal: AbortSignal,
  { identityHeaders }: Stages,
): Promise<Dialed> {
  const { request, protocols, extensions } = upgrade
  if (action.kind === 'bridge') {
    const protocol = chooseSubprotocol(protocols, action.subprotocols)
    const { socket, server } = await action.upstream.dialTcp(signal)
    return { kind: 'tcp', socket, server, protocol, extensions: undefined }
  }
  const offer = {
    target: request.target,
    headers: outboundHeaders(request, { identityHeaders, upgrade: true }),
    protocols,
    extensions: compression === 'pass' ? extensions : [],
  }
  return await action.upstream.dialWebSocket(offer, signal)
}

/** From the 101 until both sockets have closed. */
async function serveSession(
  { socket }: Connection,
  dialed: DialedWebSocket | DialedBackend,
  facts: SessionFacts,
  { limits, timeouts }: Route,
  action: ProxyAction | BridgeAction,
  { sessions, sinks, sweep, draining }: Stages,
): Promise<void> {
  const session = new Session(facts, action.kind === 'proxy' ? 'websocket' : 'bridge')
  const record = new SessionRecord(sinks, session)
  sessions.set(session, record)
  record.opened()
  const options = { limits, timeouts, sweep, onLimit: (limit: string) => record.overLimit(limit) }
  const ended =
    dialed.kind === 'websocket'
      ? relayWebSocket(session, socket, dialed.socket, { ...options, deflate: dialed.deflate })
      : bridgeTcp(session, socket, dialed.socket, {
          ...options,
          messages: action.kind === 'bridge' ? action.messages : 'binary',
        })
  // A drain that began during the dial has not seen this session.
  if (draining()) session.close(new GatewayError('draining', 'the gateway is shutting down'))
  const outcome = await ended
  sessions.delete(session)
  record.closed(outcome)
}

async function serveRequest(
  { head, response, connection }: Exchange,
  request: EdgeRequest,
  { action, limits, timeouts, match }: Route,
  { identityHeaders }: Stages,
): Promise<Answered> {
  const { path, query } = request
  switch (action.kind) {
    case 'proxy': {
      const headers = outboundHeaders(request, { identityHeaders, upgrade: false })
      const { signal } = connection
      const options = { bodyLimit: limits.body, stallMs: timeouts.stall, signal }
      return await forward({ request, headers, head, response }, action.upstream, options)
    }
    case 'bridge':
      throw new GatewayError('upgrade-required', 'this route takes WebSockets only')
    case 'static': {
      const prefix = strippedPrefix(match.paths, path)
      return await serveStatic(head, response, { directory: action.directory, path, query, prefix })
    }
    case 'respond':
      return respond(head, response, action)
    case 'redirect':
      return redirect(request, head, response, action.port)
  }
}

/** Reads the head, so that whatever follows, a refusal included, can be told with who and what. */
function read(exchange: Exchange, record: RequestRecord, stages: Stages): EdgeRequest {
  const { head, connection } = exchange
  const { method = '', url: target = '', httpVersion, rawHeaders } = head
  const request = readEdgeRequest(
    { method, target, httpVersion, rawHeaders },
    { id: record.id, peer: connection.peer, trust: stages.trust },
  )
  const { client, host, path } = request
  record.know({ client, host, method, path, origin: request.headers.one('origin') })
  return request
}
