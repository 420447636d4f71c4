import { GatewayError } from '../errors.ts'
import { forward } from '../http/forward.ts'
import { redirect, respond } from '../http/own-answer.ts'
import { serveStatic } from '../http/static-files.ts'
import type { EdgeRequest } from '../listener/edge-request.ts'
import type { Exchange } from '../listener/exchange.ts'
import type { RequestRecord } from '../observe/request-record.ts'
import { strippedPrefix } from '../route/path-pattern.ts'
import { dialFacts } from './dial-facts.ts'
import { cleaned, identify, linesFor, passAuthAnswer } from './identify.ts'
import type { Proof } from './identify.ts'
import type { Route, Stages } from './stages.ts'

/**
 * A plain request: who sent it, then what its route answers.
 * @throws {GatewayError} for the caller to answer
 */
export async function serveRequest(
  exchange: Exchange,
  original: EdgeRequest,
  route: Route,
  record: RequestRecord,
  stages: Stages,
): Promise<void> {
  const { head, response, connection } = exchange
  const { signal, peer } = connection
  const { request } = cleaned(original, [], route)
  let proof: Proof | undefined
  if (route.auth !== undefined) {
    const asked = { request: original, onward: request, protocols: [], peer, route: route.name }
    const found = await identify({ ...asked, upgrade: false, signal }, route, record, stages)
    if (found !== undefined && 'kind' in found) {
      passAuthAnswer(exchange, found, route, record)
      return
    }
    proof = found
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
