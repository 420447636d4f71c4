import type { Logout, LogoutTokens } from '../auth/backchannel.ts'
import { GatewayError } from '../errors.ts'
import { readForm } from '../http/form-body.ts'
import { answerJson, answerNothing } from '../http/own-answer.ts'
import type { EdgeRequest } from '../listener/edge-request.ts'
import type { Exchange } from '../listener/exchange.ts'
import type { RequestRecord } from '../observe/request-record.ts'
import type { Stages } from './stages.ts'

const maxFormBytes = 65_536
/** A provider has its answer, or has given up, long before. */
const withinMs = 10_000

/** What the answer may say; a cache that kept it would swallow the next logout. */
const noStore = ['Cache-Control', 'no-store']

/**
 * OpenID Connect Back-Channel Logout 1.0: a provider tells us of a logout, and the sessions of that
 * login end.
 */
export async function takeLogout(
  { head, response, connection }: Exchange,
  request: EdgeRequest,
  record: RequestRecord,
  { logouts, logins }: Stages,
): Promise<void> {
  if (request.method !== 'POST') {
    throw new GatewayError('method-refused', `the method is ${request.method}`, {
      headers: ['Allow', 'POST', ...noStore],
    })
  }
  const { signal } = connection
  try {
    const options = { maxBytes: maxFormBytes, withinMs, signal }
    const form = await readForm(request, head, response, options)
    const logout = await verified(form.getAll('logout_token'), logouts, signal)
    logins.logOut(logout)
    record.answered({ ...answerNothing(head, response, noStore, 200) })
  } catch (thrown) {
    signal.throwIfAborted()
    const error = GatewayError.from(thrown)
    // Only what cannot be helped by another token is not a 400 (section 2.8).
    if (error.fault.status !== 400 && error.fault.status !== 401) throw error
    const body = { error: 'invalid_request', error_description: error.token }
    record.answered({ ...answerJson(head, response, 400, noStore, body), error })
  }
}

/**
 * Whichever issuer's it is.
 * @throws {GatewayError} `request-malformed`, `credentials-invalid`, `credentials-expired`,
 * `auth-unavailable`
 */
async function verified(
  given: readonly string[],
  logouts: readonly LogoutTokens[],
  signal: AbortSignal,
): Promise<Logout> {
  const [token, ...others] = given
  if (token === undefined || others.length > 0) {
    throw new GatewayError('request-malformed', 'the form has to have one logout_token')
  }
  let failure: GatewayError | undefined
  for (const logout of logouts) {
    try {
      return await logout.verify(token, signal)
    } catch (thrown) {
      const error = GatewayError.from(thrown)
      // It may be the token of the issuer that could not be asked.
      if (failure === undefined || error.token === 'auth-unavailable') failure = error
    }
  }
  throw failure ?? new GatewayError('internal', 'nobody takes logout tokens')
}
