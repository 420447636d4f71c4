import type { Attempt, AuthAnswer } from '../auth/authenticator.ts'
import type { Identity } from '../auth/identity.ts'
import type { Proven } from '../auth/rechecks.ts'
import { withoutCredentials } from '../auth/without-credentials.ts'
import type { CleanRequest } from '../auth/without-credentials.ts'
import { GatewayError } from '../errors.ts'
import { outboundHeaders } from '../http/headers.ts'
import { identityHeaderLines, withOwnLines } from '../http/identity-headers.ts'
import { passAnswer } from '../http/own-answer.ts'
import type { EdgeRequest } from '../listener/edge-request.ts'
import type { Exchange } from '../listener/exchange.ts'
import type { RequestRecord } from '../observe/request-record.ts'
import type { Route, Stages } from './stages.ts'

/** Who a client is, and by what it has proved that. Undefined on a route that asks for nothing. */
export interface Proof {
  readonly identity: Identity
  readonly proven: Proven
}

/**
 * What of a request may be sent on: nothing that a route with authentication would take for a
 * credential.
 */
export function cleaned(
  request: EdgeRequest,
  protocols: readonly string[],
  { auth }: Route,
): CleanRequest {
  return auth === undefined
    ? { request, protocols }
    : withoutCredentials(request, protocols, auth.chain.places)
}

/**
 * Asks a route's authenticators who this is.
 * @returns an answer where a server that was asked wants the client to see one
 * @throws {GatewayError} what the chain throws; `credentials-invalid` for what has been revoked
 */
export async function identify(
  attempt: Attempt,
  { auth }: Route,
  record: RequestRecord,
  { logins }: Stages,
): Promise<Proof | AuthAnswer | undefined> {
  if (auth === undefined) return undefined
  const verdict = await auth.chain.authenticate(attempt)
  if ('kind' in verdict) return verdict
  record.identity = verdict.subject
  logins.check(verdict)
  return { identity: verdict, proven: proofOf(verdict, attempt, auth.tickets) }
}

/**
 * What has proved an identity: for a ticket what it was given for, since nothing else can be asked
 * about again.
 */
function proofOf(
  identity: Identity,
  attempt: Attempt,
  tickets: readonly { proofOf(identity: Identity): Attempt | undefined }[],
): Proven {
  for (const ticket of tickets) {
    const proof = ticket.proofOf(identity)
    if (proof !== undefined) return withoutSignal(proof)
  }
  return withoutSignal(attempt)
}

/** A signal is its request's, and holds what listens to it. */
function withoutSignal({ request, onward, protocols, peer, route, upgrade }: Attempt): Proven {
  return { request, onward, protocols, peer, route, upgrade }
}

const noNames: ReadonlySet<string> = new Set()

/** The header lines for the upstream: the client's, then who it is. */
export function linesFor(
  request: EdgeRequest,
  options: { readonly route: Route; readonly proof: Proof | undefined; readonly upgrade: boolean },
  { identityHeaders }: Stages,
): string[] {
  const { route, proof, upgrade } = options
  const owned = route.auth?.owned ?? noNames
  const dropped = owned.size === 0 ? identityHeaders : new Set([...identityHeaders, ...owned])
  const lines = outboundHeaders(request, { identityHeaders: dropped, upgrade })
  if (route.auth === undefined || proof === undefined) return lines
  return withOwnLines(lines, identityHeaderLines(proof.identity, route.auth.identityHeaders))
}

/**
 * An auth server's own answer. A refusal among them is told as one, and left to `refuse: visible`
 * where a page could not see it.
 */
export function passAuthAnswer(
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

/**
 * An auth server's own refusal as one of ours, for the log and for a page that could not see the
 * answer; undefined for others.
 */
export function refusalIn({ status, headers }: AuthAnswer): GatewayError | undefined {
  if (status !== 401 && status !== 403) return undefined
  const challenges: string[] = []
  for (let at = 0; at + 1 < headers.length; at += 2) {
    if (headers[at]!.toLowerCase() !== 'www-authenticate') continue
    challenges.push('WWW-Authenticate', headers[at + 1]!)
  }
  const token = status === 401 ? 'credentials-invalid' : 'permission-missing'
  return new GatewayError(token, `the auth server answered ${status}`, { headers: challenges })
}
