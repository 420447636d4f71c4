import type { Connection } from '../connection.ts'
import type { EdgeRequest } from '../listener/edge-request.ts'
import type { PickFacts } from '../upstream/balance/pick-facts.ts'
import type { Proof } from './identify.ts'

/**
 * What a server is chosen by, and what it is told of whom it is for.
 * @param request as the client sent it, with what is taken out before it goes on
 */
export function dialFacts(
  request: EdgeRequest,
  { socket }: Connection,
  proof: Proof | undefined,
): PickFacts {
  const { client, scheme, query, headers } = request
  const caller = { request, socket, subject: proof?.identity.subject }
  return { client, scheme, query, headers, caller }
}
