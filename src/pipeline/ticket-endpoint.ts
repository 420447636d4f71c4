import type { Attempt } from '../auth/authenticator.ts'
import { queryValues, withoutKeys } from '../request/query.ts'
import { GatewayError } from '../errors.ts'
import { answerJson, answerNothing, passAnswer } from '../http/own-answer.ts'
import type { EdgeRequest } from '../listener/edge-request.ts'
import type { Exchange } from '../listener/exchange.ts'
import type { Answered, RequestRecord } from '../observe/request-record.ts'
import { isToken, listElements } from '../websocket/token-list.ts'
import { cleaned, refusalIn } from './identify.ts'
import { isTunnel } from './stages.ts'
import type { Route, RouteAuth, Stages } from './stages.ts'

/** The query parameter that says what a ticket is wanted for. */
const forKey = 'for'

/**
 * Gives out tickets: `POST PATH?for=/chat` to whom an upgrade to `/chat` would let pass, were it
 * not for the browser that cannot send its credential there.
 */
export async function giveTicket(
  exchange: Exchange,
  request: EdgeRequest,
  record: RequestRecord,
  stages: Stages,
): Promise<void> {
  const wanted = upgradeWanted(request)
  const route = stages.routes.match(wanted)
  record.route = route.name
  const ticket = route.auth?.tickets.find(({ path }) => path === request.path)
  if (route.auth === undefined || ticket === undefined || !isTunnel(route.action)) {
    throw new GatewayError('route-missing', `no tickets are given out for ${route.name}`)
  }
  route.clients.check(request.client)
  const origin = request.headers.one('origin')
  route.origins.check(origin, wanted)
  const headers = ['Cache-Control', 'no-store', ...corsLines(origin, route)]
  try {
    const given = await answer(exchange, { request, wanted, headers }, route, route.auth, record, {
      stages,
      issue: (identity, attempt) => ticket.issue(identity, attempt),
    })
    if (given !== undefined) record.answered(given)
  } catch (thrown) {
    // The page may read why it gets none.
    const error = GatewayError.from(thrown)
    throw new GatewayError(error.token, error.message, {
      cause: error.cause ?? error,
      headers: [...error.headers, ...headers],
    })
  }
}

async function answer(
  { head, response, connection }: Exchange,
  asked: { request: EdgeRequest; wanted: EdgeRequest; headers: readonly string[] },
  route: Route,
  auth: RouteAuth,
  record: RequestRecord,
  { stages, issue }: { stages: Stages; issue: Issue },
): Promise<Answered | undefined> {
  const { request, wanted, headers } = asked
  if (request.method === 'OPTIONS') {
    return answerNothing(head, response, [...headers, ...preflightLines(request)])
  }
  if (request.method !== 'POST') {
    throw new GatewayError('method-refused', `the method is ${request.method}`, {
      headers: ['Allow', 'POST, OPTIONS'],
    })
  }
  const { signal, peer } = connection
  const { request: onward } = cleaned(wanted, [], route)
  const facts = { request: wanted, onward, protocols: [], peer, route: route.name }
  const attempt = { ...facts, upgrade: true, signal }
  const verdict = await auth.ticketChain.authenticate(attempt)
  if ('kind' in verdict) {
    const refusal = refusalIn(verdict)
    const passed = passAnswer(head, response, verdict, headers)
    if (refusal === undefined) return passed
    record.refused(passed.status, refusal)
    return undefined
  }
  record.identity = verdict.subject
  stages.logins.check(verdict)
  const { ticket, lifetimeMs } = issue(verdict, attempt)
  const body = { ticket, expiresIn: Math.floor(lifetimeMs / 1000) }
  return answerJson(head, response, 200, headers, body)
}

type Issue = (
  identity: Parameters<RouteAuth['tickets'][number]['issue']>[0],
  attempt: Attempt,
) => { ticket: string; lifetimeMs: number }

/**
 * The upgrade that a ticket is wanted for, with the credentials of the request that asks for it.
 * @throws {GatewayError} `request-malformed`
 */
function upgradeWanted(request: EdgeRequest): EdgeRequest {
  const [target = '', ...others] = queryValues(request.query, forKey)
  if (others.length > 0 || !/^\/[!-~]*$/.test(target) || target.includes('#')) {
    throw new GatewayError('request-malformed', `${forKey} has to be one path, such as /chat`)
  }
  const question = target.indexOf('?')
  const path = question === -1 ? target : target.slice(0, question)
  const own = withoutKeys(request.query, new Set([forKey]))
  const more = question === -1 ? '' : target.slice(question)
  const query = own === '' || more === '' ? own + more : `${own}&${more.slice(1)}`
  return {
    ...request,
    method: 'GET',
    target: path + query,
    path,
    query,
    hasBody: false,
    contentLength: undefined,
    websocket: true,
    expectsContinue: false,
  }
}

/**
 * A page of an origin that may connect may read the answer, and no other: this origin has passed
 * the route's rules.
 */
function corsLines(origin: string | undefined, { origins }: Route): string[] {
  if (origin === undefined) return []
  const lines = ['Access-Control-Allow-Origin', origin, 'Vary', 'Origin']
  // Where any page may connect, none may use what the browser sends of its own accord.
  return origins.any ? lines : [...lines, 'Access-Control-Allow-Credentials', 'true']
}

function preflightLines({ headers }: EdgeRequest): string[] {
  const lines = ['Allow', 'POST, OPTIONS']
  if (headers.one('access-control-request-method') === undefined) return lines
  const wanted = listElements(headers.all('access-control-request-headers')).filter(isToken)
  lines.push('Access-Control-Allow-Methods', 'POST', 'Access-Control-Max-Age', '600')
  if (wanted.length > 0) lines.push('Access-Control-Allow-Headers', wanted.join(', '))
  return lines
}
