import type { ForwardConfig } from '../config/settled/authenticators.ts'
import { GatewayError } from '../errors.ts'
import type { Attempt, AuthAnswer, Authenticator, Verdict } from './authenticator.ts'
import { challenge } from './challenge.ts'
import type { Fingerprints } from './fingerprint.ts'
import { AnswerHeaders, passedAnswer, textOf } from './forward-answer.ts'
import { forwardQuestion } from './forward-question.ts'
import type { ForwardQuestion } from './forward-question.ts'
import { ForwardServer } from './forward-server.ts'
import type { ForwardAnswer } from './forward-server.ts'
import type { Identity } from './identity.ts'
import { Recent } from './recent.ts'

const redirects = new Set([301, 302, 303, 307, 308])
const mostRecent = 10_000

/**
 * Asks another server about each request, in the manner of nginx's auth_request and Traefik's
 * forwardAuth. Its 2xx lets pass; whatever is neither that nor a refusal it means is no answer, and
 * nobody passes without one.
 */
export class ForwardAuthenticator implements Authenticator {
  readonly name: string
  readonly kind = 'forward'
  /** The server says itself how to come in; this is for a refusal of which it does not. */
  readonly challenge: string
  /** What is copied from its answers is its word, and absent where it says nothing. */
  readonly owns: readonly string[]
  /**
   * What it is sent are the application's own credentials as often as not; they go upstream as they
   * are.
   */
  readonly places = []
  readonly #config: ForwardConfig
  readonly #server: ForwardServer
  readonly #fingerprints: Fingerprints
  readonly #now: () => number
  readonly #recent: Recent<Identity>

  constructor(
    name: string,
    config: ForwardConfig,
    parts: { readonly fingerprints: Fingerprints; readonly now: () => number },
  ) {
    this.name = name
    this.challenge = challenge('Forward', { realm: name })
    this.owns = config.copy.map((header) => header.toLowerCase())
    this.#config = config
    this.#server = new ForwardServer(config.url, config.timeout)
    this.#fingerprints = parts.fingerprints
    this.#now = parts.now
    this.#recent = new Recent(mostRecent, parts.now)
  }

  async authenticate(attempt: Attempt): Promise<Verdict> {
    const question = forwardQuestion(attempt, this.#config.send)
    if (this.#config.cache === 0) return await this.#ask(question, attempt)
    // By all that it is asked, not by the credentials alone: it may let the same client into one
    // path and not another.
    const key = this.#fingerprints.of(JSON.stringify(question.headers))
    const known = this.#recent.get(key)
    if (known !== undefined) return known
    const verdict = await this.#ask(question, attempt)
    if ('kind' in verdict) return verdict
    const until = Math.min(this.#now() + this.#config.cache, verdict.expiresAt)
    this.#recent.put(key, verdict, until)
    return verdict
  }

  async recheck(identity: Identity, attempt: Attempt): Promise<Identity | undefined> {
    const question = forwardQuestion(attempt, this.#config.send)
    const verdict = await this.#ask(question, attempt)
    return 'kind' in verdict || verdict.subject !== identity.subject ? undefined : verdict
  }

  close(): void {
    this.#server.close()
  }

  async #ask(question: ForwardQuestion, attempt: Attempt): Promise<Identity | AuthAnswer> {
    const answer = await this.#server.ask(question.headers, attempt.signal)
    const headers = new AnswerHeaders(answer.headers)
    if (!headers.wellFormed) throw unavailable('control characters in the answer')
    const { status } = answer
    if (status >= 200 && status <= 299) return this.#identity(headers, question)
    if (status === 401 || status === 403) return passedAnswer(answer, headers)
    if (redirects.has(status)) return redirect(answer, headers, question, attempt)
    throw unavailable(`the server answered ${status}`)
  }

  #identity(headers: AnswerHeaders, { sent }: ForwardQuestion): Identity {
    const expiresAt = this.#expiry(headers)
    const fingerprint = this.#fingerprints.of(`forward\0${JSON.stringify(sent)}`)
    const lines: string[] = []
    const claims = new Map<string, string | readonly string[]>()
    for (const name of this.#config.copy) {
      const values = headers.all(name)
      for (const value of values) lines.push(name, value)
      const texts = values.map(textOf)
      if (texts.length > 0) claims.set(name, texts.length === 1 ? texts[0]! : texts)
    }
    const [named = ''] = this.#config.copy
    const subject = claims.get(named)
    return {
      authenticator: this.name,
      // Without a name it is whoever has these credentials, and nobody else.
      subject: typeof subject === 'string' && subject !== '' ? subject : fingerprint,
      name: undefined,
      claims: Object.fromEntries(claims),
      expiresAt,
      credentialId: undefined,
      sessionId: undefined,
      fingerprint,
      headers: lines,
    }
  }

  /**
   * @throws {GatewayError} `credentials-expired`; `auth-unavailable` for an end that nobody can
   * read
   */
  #expiry(headers: AnswerHeaders): number {
    const [written, ...more] = headers.all('x-session-expires')
    if (written === undefined) return Infinity
    if (more.length > 0 || !/^\d{1,12}(?:\.\d{1,9})?$/.test(written)) {
      throw unavailable('X-Session-Expires is no number of seconds')
    }
    const expiresAt = Number(written) * 1000
    if (expiresAt > this.#now()) return expiresAt
    throw new GatewayError('credentials-expired', 'X-Session-Expires has passed')
  }
}

/** A login page is of use to who asks for a page; a WebSocket client follows no redirect. */
function redirect(
  answer: ForwardAnswer,
  headers: AnswerHeaders,
  { sent }: ForwardQuestion,
  { upgrade }: Attempt,
): AuthAnswer {
  if (headers.all('location').length !== 1) throw unavailable(`${answer.status} without a Location`)
  if (!upgrade) return passedAnswer(answer, headers)
  const token = sent.length === 0 ? 'credentials-missing' : 'credentials-invalid'
  throw new GatewayError(token, `the server answered ${answer.status}`)
}

function unavailable(problem: string): GatewayError {
  return new GatewayError('auth-unavailable', problem)
}
