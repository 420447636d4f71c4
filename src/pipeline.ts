import type { Connection } from './connection.ts'
import { GatewayError } from './errors.ts'
import { refuse, refuseSocket } from './handshake/refusal.ts'
import { answerOptions } from './http/own-answer.ts'
import { readEdgeRequest } from './listener/edge-request.ts'
import type { EdgeRequest } from './listener/edge-request.ts'
import type { Exchange } from './listener/exchange.ts'
import { glance } from './listener/glance.ts'
import { RequestRecord } from './observe/request-record.ts'
import { serveRequest } from './pipeline/request.ts'
import { headOf } from './pipeline/shown-heads.ts'
import { isTunnel } from './pipeline/stages.ts'
import type { Route, Stages } from './pipeline/stages.ts'
import { serveUpgrade } from './pipeline/upgrade.ts'

/**
 * One request, from its head to the last byte of its answer or the last frame of its session, one
 * line a stage: `serveUpgrade` and `serveRequest` go on in the same way. Never rejects: every exit is an answer and a line of the log.
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
