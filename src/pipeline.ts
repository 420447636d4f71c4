import type { Socket } from 'node:net'
import { performance } from 'node:perf_hooks'
import type { AuthAnswer } from './auth/authenticator.ts'
import type { Connection } from './connection.ts'
import { GatewayError } from './errors.ts'
import { switchingProtocols } from './handshake/accept.ts'
import { refuse, refuseSocket } from './handshake/refusal.ts'
import { chooseSubprotocol } from './handshake/subprotocol.ts'
import { parseUpgrade } from './handshake/upgrade-request.ts'
import type { UpgradeRequest } from './handshake/upgrade-request.ts'
import { relayAnswer } from './http/answer.ts'
import { forward } from './http/forward.ts'
import { answerOptions, passAnswer, redirect, respond } from './http/own-answer.ts'
import { serveStatic } from './http/static-files.ts'
import { glance } from './listener/glance.ts'
import { readEdgeRequest } from './listener/edge-request.ts'
import type { EdgeRequest } from './listener/edge-request.ts'
import type { Exchange } from './listener/exchange.ts'
import type { SessionFacts } from './observe/connection-record.ts'
import { RequestRecord } from './observe/request-record.ts'
import type { RequestHead } from './observe/request-record.ts'
import { SessionRecord } from './observe/session-record.ts'
import { dialFacts } from './pipeline/dial-facts.ts'
import { drop } from './pipeline/dropped-session.ts'
import { cleaned, identify, linesFor, refusalIn } from './pipeline/identify.ts'
import type { Proof } from './pipeline/identify.ts'
import { isTunnel } from './pipeline/stages.ts'
import type { Route, Stages, TargetBridgeAction, TunnelAction } from './pipeline/stages.ts'
import { Stay } from './pipeline/stay.ts'
import { readToken } from './pipeline/target-token.ts'
import { Session } from './relay/session.ts'
import type { Outcome } from './relay/session.ts'
import { bridgeTcp } from './relay/tcp-bridge.ts'
import { relayWebSocket } from './relay/websocket-relay.ts'
import { strippedPrefix } from './route/path-pattern.ts'
import { awaitGreeting } from './upstream/greeting.ts'
import type { PickFacts } from './upstream/balance/pick-facts.ts'
import type { DialedAnswer, DialedTcp, DialedWebSocket } from './upstream/upstream.ts'

/**
 * One request, from its head to the last byte of its answer or the last frame of its session, one
 * line a stage. Never rejects: every exit is an answer and a line of the log.
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
      stages.listeners.get(connection.listener)?.check(request.client)
      stages.admission.admitRequest(request.client)
      record.answered(answerOptions(exchange.head, exchange.response))
      return
    }
    const endpoint = stages.endpoints.get(request.path)
    if (endpoint !== undefined) {
      record.know(headOf(request))
      stages.listeners.get(connection.listener)?.check(request.client)
      stages.admission.admitRequest(request.client)
      await endpoint(exchange, request, record, stages)
      return
    }
    const route = matched(request, stages)
    record.route = route.name
    if (stages.shownHeads.areCut) record.know(stages.shownHeads.show(headOf(request), route))
    stages.listeners.get(connection.listener)?.check(request.client)
    route.clients.check(request.client)
    if (request.websocket && isTunnel(route.action)) {
      await serveUpgrade(exchange, request, route, route.action, record, stages)
    } else {
      stages.admission.admitRequest(request.client)
      await serveRequest(exchange, request, route, record, stages)
    }
  } catch (thrown) {
    const error = GatewayError.from(connection.signal.aborted ? connection.signal.reason : thrown)
    if (!record.known) {
      const glanced = glance(exchange.head, connection.peer, stages.trust)
      record.know(stages.shownHeads.show(glanced))
    }
    if (error.token === 'client-lost') record.answered({ status: 0, error })
    else record.refused(refuse(exchange, error), error)
  }
}

/** A request that no route takes is one of its client's plain requests all the same. */
function matched(request: EdgeRequest, { routes, admission }: Stages): Route {
  try {
    return routes.match(request)
  } catch (thrown) {
    if (!request.websocket) admission.admitRequest(request.client)
    throw thrown
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

/** The life of one WebSocket connection: whether it may be one, then `admitUpgrade`. */
async function serveUpgrade(
  exchange: Exchange,
  request: EdgeRequest,
  route: Route,
  action: TunnelAction,
  record: RequestRecord,
  stages: Stages,
): Promise<void> {
  const upgrade = parseUpgrade(request)
  route.origins.check(upgrade.origin, request)
  const clean = { ...upgrade, ...cleaned(request, upgrade.protocols, route) }
  try {
    await admitUpgrade(exchange, { upgrade, clean }, route, action, record, stages)
  } catch (thrown) {
    // From here on a page that may connect may know why it cannot.
    if (route.refuse !== 'visible' || exchange.connection.signal.aborted) throw thrown
    const error = GatewayError.from(thrown)
    const code = stages.visibleRefusals.refuse(exchange, upgrade, clean.protocols, error)
    if (code === undefined) throw error
    record.refused(error.fault.status, error, code)
  }
}

/** Who may have it, cheap checks first, then `openSession`. */
async function admitUpgrade(
  exchange: Exchange,
  { upgrade, clean }: { upgrade: UpgradeRequest; clean: UpgradeRequest },
  route: Route,
  action: TunnelAction,
  record: RequestRecord,
  stages: Stages,
): Promise<void> {
  const { admission } = stages
  const { request, protocols } = upgrade
  const { client } = request
  const { connection } = exchange
  admission.admitHandshake(client)
  const place = admission.sessionPlace({ route: route.name, client, limits: route.limits })
  let lives = false
  try {
    place.admitClient()
    let proof: Proof | undefined
    if (route.auth !== undefined) {
      const { peer, signal } = connection
      const facts = { request, onward: clean.request, protocols, peer, route: route.name }
      const found = await identify({ ...facts, upgrade: true, signal }, route, record, stages)
      if (found !== undefined && 'kind' in found) {
        passAuthAnswer(exchange, found, route, record)
        return
      }
      proof = found
    }
    place.admitIdentity(proof?.identity)
    const chosenBy = dialFacts(request, connection, proof)
    const admitted = { upgrade: clean, facts: chosenBy, proof, place }
    lives = await openSession(exchange, admitted, route, action, record, stages)
  } finally {
    if (!lives) place.release()
  }
}

/** An upgrade that may go upstream, and what decides where. */
interface Admitted {
  readonly upgrade: UpgradeRequest
  readonly facts: PickFacts
  readonly proof: Proof | undefined
  readonly place: { release(): void }
}

/**
 * The upstream answers before the client does, so that its failure is still a 502.
 * @returns whether there is a session now, which has taken over the place. It outlives this request,
 * and holds nothing of it but what it is told here
 */
async function openSession(
  exchange: Exchange,
  admitted: Admitted,
  route: Route,
  action: TunnelAction,
  record: RequestRecord,
  stages: Stages,
): Promise<boolean> {
  const { connection, takeover } = exchange
  const { signal, socket } = connection
  const { metrics } = stages.sinks
  // Node hands the socket over for what parseUpgrade takes; were they ever to differ, nothing is
  // tunnelled.
  if (takeover === undefined) throw new GatewayError('handshake-invalid', 'not an upgrade to Node')
  const { upgrade, proof, place } = admitted
  const dialedAt = performance.now()
  const dialed = await dial(admitted, route, action, signal, stages)
  metrics.dialSeconds(action.upstreamName, (performance.now() - dialedAt) / 1000)
  let lives = false
  try {
    if (dialed.kind === 'answer') {
      const { status, server } = dialed
      const stallMs = route.timeouts.stall
      const passed = await relayAnswer(dialed, exchange.response, { stallMs, signal })
      record.answered({ status, server, ...passed })
      return false
    }
    if (dialed.kind === 'tcp') await begun(dialed, signal)
    if (signal.aborted) throw signal.reason
    const { protocol, extensions, setCookie } = dialed
    takeover.accept(switchingProtocols({ key: upgrade.key, protocol, extensions, setCookie }))
    metrics.handshakeSeconds(route.name, record.elapsedMs / 1000)
    const { id, client } = upgrade.request
    const { listener } = connection
    const { host = '', path = '' } = stages.shownHeads.show(headOf(upgrade.request), route)
    const names = { id, listener, route: route.name, client, host, path }
    const facts = {
      ...names,
      upstream: dialed.server,
      subprotocol: protocol,
      identity: proof?.identity.subject,
    }
    stages.follow(serveSession(socket, dialed, { facts, proof, place }, route, stages))
    lives = true
    return true
  } finally {
    if (!lives) {
      dialed.lease.release()
      if (dialed.kind !== 'answer') dialed.socket.destroy()
    }
  }
}

type Dialed = DialedAnswer | DialedWebSocket | DialedBackend
interface DialedBackend extends DialedTcp {
  readonly kind: 'tcp'
  readonly protocol: string | undefined
  readonly extensions: undefined
  readonly messages: 'binary' | 'text'
  readonly greeting: string | undefined
}

/** A service that is not what the route takes it for is told of before the client is answered. */
async function begun({ socket, server, greeting }: DialedBackend, signal: AbortSignal) {
  if (greeting !== undefined) await awaitGreeting(socket, { server, greeting, signal })
}

async function dial(
  admitted: Admitted,
  route: Route,
  action: TunnelAction,
  signal: AbortSignal,
  stages: Stages,
): Promise<Dialed> {
  const { upgrade, facts, proof } = admitted
  const { request, protocols, extensions } = upgrade
  if (action.kind === 'bridge') {
    const protocol = chooseSubprotocol(protocols, action.subprotocols)
    const dialed =
      action.from === undefined
        ? await action.upstream.dialTcp(facts, signal)
        : await dialTarget(action, admitted, route, signal)
    const { messages, greeting } = action
    return { kind: 'tcp', ...dialed, protocol, extensions: undefined, messages, greeting }
  }
  const offer = {
    target: request.target,
    headers: linesFor(request, { route, proof, upgrade: true }, stages),
    protocols,
    extensions: route.compression === 'pass' ? extensions : [],
  }
  return await action.upstream.dialWebSocket(offer, facts, signal)
}

function dialTarget(
  { from, upstream }: TargetBridgeAction,
  { upgrade, facts, proof }: Admitted,
  { match: { paths } }: Route,
  signal: AbortSignal,
): Promise<DialedTcp> {
  const token = readToken(from, { request: upgrade.request, paths, identity: proof?.identity })
  return upstream.dialTcp({ ...facts, token }, signal)
}

/** From the 101 until both sockets have closed. A bug in between ends the session like any other end. */
function serveSession(
  socket: Socket,
  dialed: DialedWebSocket | DialedBackend,
  { facts, proof, place }: { facts: SessionFacts } & Pick<Admitted, 'proof' | 'place'>,
  { limits, timeouts }: Route,
  stages: Stages,
): Promise<void> {
  const { sinks, sweep, ports, draining, graceMs } = stages
  const identity = proof?.identity
  const expiresAt = identity === undefined ? Infinity : identity.expiresAt + graceMs
  const session = new Session(facts, dialed.kind === 'tcp' ? 'bridge' : 'websocket', expiresAt)
  const record = new SessionRecord(sinks, session)
  const stay = new Stay(session, record, [place, dialed.lease], stages)
  let ended: Promise<Outcome> | undefined
  try {
    record.opened()
    stages.sessionOpened()
    const onLimit = record.overLimit.bind(record)
    const options = { limits, timeouts, sweep, ports: ports(), onLimit }
    ended =
      dialed.kind === 'websocket'
        ? relayWebSocket(session, socket, dialed.socket, { ...options, deflate: dialed.deflate })
        : bridgeTcp(session, socket, dialed.socket, { ...options, messages: dialed.messages })
    // A drain or a revocation that came during the dial has not seen this session.
    if (draining()) session.close(new GatewayError('draining', 'the gateway is shutting down'))
    dialed.lease.onRemoved(session.close.bind(session))
    stay.begin(proof)
  } catch (thrown) {
    const error = GatewayError.from(thrown)
    session.close(error)
    ended ??= Promise.resolve(drop(session, [socket, dialed.socket], error))
  }
  return ended.then(stay.over)
}

async function serveRequest(
  exchange: Exchange,
  original: EdgeRequest,
  route: Route,
  record: RequestRecord,
  stages: Stages,
): Promise<void> {
  const { head, response, connection } = exchange
  const { signal, peer } = connection
  const { request } = cleaned(original, [], route)
  const asked = { request: original, onward: request, protocols: [], peer, route: route.name }
  const proof = await identify({ ...asked, upgrade: false, signal }, route, record, stages)
  if (proof !== undefined && 'kind' in proof) {
    passAuthAnswer(exchange, proof, route, record)
    return
  }
  const { action, limits, timeouts, match } = route
  switch (action.kind) {
    case 'proxy': {
      const headers = linesFor(request, { route, proof, upgrade: false }, stages)
      const options = { bodyLimit: limits.body, stallMs: timeouts.stall, signal }
      const facts = dialFacts(original, connection, proof)
      const parts = { request, facts, headers, head, response }
      record.answered(await forward(parts, action.upstream, options))
      return
    }
    case 'bridge':
      throw new GatewayError('upgrade-required', 'this route takes WebSockets only')
    case 'static': {
      const { path, query } = request
      const prefix = strippedPrefix(match.paths, path)
      const { directory } = action
      const options = { directory, path, query, prefix, stallMs: timeouts.stall, signal }
      record.answered(await serveStatic(head, response, options))
      return
    }
    case 'respond':
      record.answered(respond(head, response, action))
      return
    case 'redirect':
      record.answered(redirect(request, head, response, action.port))
  }
}

/**
 * An auth server's own answer. A refusal among them is told as one, and left to `refuse: visible`
 * where a page could not see it.
 */
function passAuthAnswer(
  { head, response, takeover }: Exchange,
  answer: AuthAnswer,
  { refuse: manner }: Route,
  record: RequestRecord,
): void {
  const refusal = refusalIn(answer)
  if (refusal !== undefined && manner === 'visible' && takeover !== undefined) throw refusal
  const passed = passAnswer(head, response, answer)
  if (refusal === undefined) record.answered(passed)
  else record.refused(passed.status, refusal)
}

/** Reads the head, so that whatever follows, a refusal included, can be told with who and what. */
function read(exchange: Exchange, record: RequestRecord, stages: Stages): EdgeRequest {
  const { head, connection } = exchange
  const { method = '', url: target = '', httpVersion, rawHeaders } = head
  const request = readEdgeRequest(
    { method, target, httpVersion, rawHeaders },
    { id: record.id, peer: connection.peer, trust: stages.trust },
  )
  record.know(stages.shownHeads.show(headOf(request)))
  return request
}

function headOf({ client, host, method, path, headers }: EdgeRequest): RequestHead {
  return { client, host, method, path, origin: headers.one('origin') }
}
