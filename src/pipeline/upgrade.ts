import { performance } from 'node:perf_hooks'
import { GatewayError } from '../errors.ts'
import { switchingProtocols } from '../handshake/accept.ts'
import { parseUpgrade } from '../handshake/upgrade-request.ts'
import type { UpgradeRequest } from '../handshake/upgrade-request.ts'
import { relayAnswer } from '../http/answer.ts'
import type { EdgeRequest } from '../listener/edge-request.ts'
import type { Exchange } from '../listener/exchange.ts'
import type { RequestRecord } from '../observe/request-record.ts'
import { begun, dial } from './dial.ts'
import type { Admitted } from './dial.ts'
import { dialFacts } from './dial-facts.ts'
import { cleaned, identify, passAuthAnswer } from './identify.ts'
import type { Proof } from './identify.ts'
import { serveSession } from './session.ts'
import { headOf } from './shown-heads.ts'
import type { Route, Stages, TunnelAction } from './stages.ts'

/**
 * The life of one WebSocket connection: whether it may be one, then `admitUpgrade`.
 * @throws {GatewayError} for the caller to answer
 */
export async function serveUpgrade(
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
