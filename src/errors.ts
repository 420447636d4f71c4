/**
 * What each side of a failure sees. A token without `status` cannot happen before the 101, one
 * without close codes not after it; one without either ends a connection before anything can be
 * told on it.
 */
export interface Fault {
  /** The HTTP status before the 101. */
  readonly status?: number
  /** The close code towards the client after the 101. */
  readonly client?: number
  /** The close code towards the upstream after the 101. */
  readonly upstream?: number
  /** Whom the record names as the one that closed; the gateway where nothing is said. */
  readonly by?: 'client' | 'upstream'
  /** Seconds for `Retry-After`. */
  readonly retryAfter?: number
  /** The HTTP connection is unusable after this answer. */
  readonly closes?: true
}

/**
 * Every failure the gateway has a defined answer for. The token is the `error` of the log line, the
 * label of the metric, the heading in docs/errors.md and the reason of the Close frame.
 */
export const faults = {
  'proxy-header-invalid': {},
  'request-malformed': { status: 400, closes: true },
  'handshake-invalid': { status: 400, closes: true },
  'path-ambiguous': { status: 400, closes: true },
  'subprotocol-unsupported': { status: 400 },
  'credentials-missing': { status: 401 },
  'credentials-invalid': { status: 401 },
  'credentials-expired': { status: 401 },
  'permission-missing': { status: 403 },
  'origin-denied': { status: 403 },
  'address-denied': { status: 403 },
  'target-denied': { status: 403 },
  'route-missing': { status: 404 },
  'target-unknown': { status: 404 },
  'method-refused': { status: 405, closes: true },
  'head-timeout': { status: 408, closes: true },
  'body-timeout': { status: 408, closes: true },
  'body-too-big': { status: 413, closes: true },
  'expectation-unsupported': { status: 417, closes: true },
  'version-unsupported': { status: 426, closes: true },
  'upgrade-required': { status: 426, closes: true },
  'client-limit': { status: 429, retryAfter: 1 },
  'identity-limit': { status: 429, retryAfter: 1 },
  'head-too-big': { status: 431, closes: true },
  internal: { status: 500, client: 1011, upstream: 1001, closes: true },
  'upstream-unreachable': { status: 502 },
  'upstream-unresolved': { status: 502 },
  'target-unavailable': { status: 502 },
  'upstream-tls': { status: 502 },
  'upstream-greeting': { status: 502 },
  'upstream-handshake': { status: 502 },
  'upstream-lost': { status: 502, client: 1011, by: 'upstream' },
  'upstream-invalid': { status: 502, client: 1011, upstream: 1002 },
  'upstream-timeout': { status: 504 },
  'upstream-unavailable': { status: 503, retryAfter: 1 },
  'gateway-full': { status: 503, retryAfter: 1 },
  'route-limit': { status: 503, retryAfter: 1 },
  'auth-unavailable': { status: 503, retryAfter: 5 },
  draining: { status: 503, client: 1001, upstream: 1001, retryAfter: 1, closes: true },
  'frame-invalid': { client: 1002, upstream: 1001 },
  'message-too-big': { client: 1009, upstream: 1001 },
  'message-kind': { client: 1003, upstream: 1001 },
  'text-invalid': { client: 1007, upstream: 1001 },
  'rate-exceeded': { client: 1008, upstream: 1001 },
  'session-expired': { client: 3000, upstream: 1001 },
  'session-revoked': { client: 3000, upstream: 1001 },
  'upstream-removed': { client: 1012, upstream: 1001 },
  idle: { client: 1001, upstream: 1001 },
  lifetime: { client: 1001, upstream: 1001 },
  'client-lost': { upstream: 1001, by: 'client' },
  'client-silent': { client: 1001, upstream: 1001 },
  'upstream-silent': { client: 1011, upstream: 1001 },
  'client-stalled': { upstream: 1001 },
  'upstream-stalled': { client: 1011 },
} as const satisfies Record<string, Fault>

export type Token = keyof typeof faults

export interface GatewayErrorOptions extends ErrorOptions {
  /**
   * Close code towards the upstream where the token alone does not decide it (`upstream-invalid`:
   * 1002, 1009 or 1008).
   */
  readonly upstreamCode?: number
  /** Header lines of the refusal, name and value alternating (`WWW-Authenticate`). */
  readonly headers?: readonly string[]
}

/**
 * A failure the gateway has a defined answer for. Everything else is a bug and is answered as
 * `internal`. `message` is for operators and never leaves the process; the peer sees the status or
 * the close code, and the token.
 */
export class GatewayError extends Error {
  override readonly name = 'GatewayError'
  readonly token: Token
  /** Header lines of the refusal, name and value alternating. */
  readonly headers: readonly string[]
  readonly #upstreamCode: number | undefined

  constructor(token: Token, message: string, options?: GatewayErrorOptions) {
    // A stack is told for bugs alone (`log-value.ts`); taking one costs more than all the rest of
    // what ends a session, which needs one of these each.
    const { stackTraceLimit } = Error
    if (token !== 'internal') Error.stackTraceLimit = 0
    super(message, options)
    Error.stackTraceLimit = stackTraceLimit
    this.token = token
    this.headers = options?.headers ?? []
    this.#upstreamCode = options?.upstreamCode
  }

  get fault(): Fault {
    return faults[this.token]
  }

  /** The close code the upstream gets, or undefined where it gets none. */
  get upstreamCode(): number | undefined {
    return this.#upstreamCode ?? this.fault.upstream
  }

  /** The close code the client gets, or undefined where its connection is cut without a Close. */
  get clientCode(): number | undefined {
    return this.fault.client
  }

  /** What was thrown, as a GatewayError: anything unknown is `internal`. */
  static from(thrown: unknown): GatewayError {
    if (thrown instanceof GatewayError) return thrown
    return new GatewayError('internal', thrown instanceof Error ? thrown.message : String(thrown), {
      cause: thrown,
    })
  }
}
