import type { GatewayError, Token } from '../errors.ts'
import type { Logger } from './logger.ts'

/** What one direction of a session has carried: payload bytes of data messages as on the wire. */
export interface Traffic {
  /** Messages that were complete. */
  readonly messages: number
  readonly bytes: number
}

/** What is known of a session from its first moment. Every path here is without its query. */
export interface SessionFacts {
  readonly id: string
  readonly listener: string
  readonly route: string
  readonly client: string
  readonly host: string
  readonly path: string
  /** The server that was dialled, as the configuration writes it. */
  readonly upstream: string
  readonly subprotocol: string | undefined
  /** Whose it is, where its route asks: the subject. */
  readonly identity?: string | undefined
}

export type ClosedBy = 'client' | 'upstream' | 'gateway'

/** How a session ended. */
export interface SessionEnd {
  readonly closedBy: ClosedBy
  /**
   * What the client's connection ended with; 1005 for a Close without a code, 1006 where there was
   * no Close.
   */
  readonly code: number
  readonly reason: string
  readonly error: GatewayError | undefined
  /**
   * It did not end by itself within the time to close: what was left of it was cut. The rest tells
   * how the end began.
   */
  readonly expired: boolean
  readonly durationMs: number
  /** From the client. */
  readonly received: Traffic
  /** To the client. */
  readonly sent: Traffic
}

/** A plain HTTP request that was answered by a route, or an upstream's own answer to an upgrade. */
export interface RequestFacts {
  readonly id: string
  readonly listener: string
  readonly status: number
  readonly route: string
  readonly client: string
  readonly host: string
  readonly method: string
  readonly path: string
  /** Whose it is, where its route asks: the subject. */
  readonly identity?: string | undefined
  /** Undefined where the route answers itself. */
  readonly upstream: string | undefined
  readonly durationMs: number
  /** Bytes of the request's body. */
  readonly received: { readonly bytes: number }
  /** Bytes of the answer's body. */
  readonly sent: { readonly bytes: number }
  /**
   * Why it went no further: the client left, or the upstream failed after its head had been passed
   * on.
   */
  readonly error: GatewayError | undefined
}

/**
 * What is known of a request that the gateway itself answered with a token; early refusals know
 * little.
 */
export interface RefusalFacts {
  /** The status that was answered; undefined where the connection was cut without an answer. */
  readonly status: number | undefined
  readonly id: string | undefined
  readonly listener: string
  readonly route: string | undefined
  readonly client: string
  readonly host: string | undefined
  readonly method: string | undefined
  readonly path: string | undefined
  readonly origin: string | undefined
  /** Who was refused, where that was known. */
  readonly identity?: string | undefined
  /**
   * The close code of a refusal that was made visible to a page; `status` is what others would have
   * got.
   */
  readonly code?: number | undefined
}

export function logSessionOpened(logger: Logger, facts: SessionFacts): void {
  logger.info(sessionFields(facts), 'session opened')
}

/**
 * A failure of the gateway itself is told as such, with what was thrown; everything else is a line
 * of information.
 */
export function logSessionClosed(logger: Logger, facts: SessionFacts, end: SessionEnd): void {
  const { closedBy, code, reason, error, received, sent } = end
  const fields = {
    ...sessionFields(facts),
    closedBy,
    code,
    reason,
    error: error?.token,
    ...detailOf(error),
    expired: end.expired ? true : undefined,
    durationMs: Math.round(end.durationMs),
    received: { messages: received.messages, bytes: received.bytes },
    sent: { messages: sent.messages, bytes: sent.bytes },
  }
  if (error?.token === 'internal') logger.error({ ...fields, err: error }, 'session closed')
  else logger.info(fields, 'session closed')
}

export function logRequest(logger: Logger, facts: RequestFacts): void {
  const { id, listener, status, route, client, host, method, path, upstream, error } = facts
  const { identity } = facts
  logger.info(
    {
      id,
      listener,
      status,
      route,
      client,
      host,
      method,
      path,
      identity,
      upstream,
      error: error?.token,
      ...detailOf(error),
      durationMs: Math.round(facts.durationMs),
      received: { bytes: facts.received.bytes },
      sent: { bytes: facts.sent.bytes },
    },
    'request',
  )
}

/** One refusal, in full. `RefusalLog` decides whether it is told singly or summed. */
export function logRefused(logger: Logger, facts: RefusalFacts, error: GatewayError): void {
  const { status, code, id, listener, route, client, host, method, path, origin, identity } = facts
  const fields = {
    status,
    code,
    error: error.token,
    id,
    listener,
    route,
    client,
    host,
    method,
    path,
    origin,
    identity,
    ...detailOf(error),
  }
  if (error.token === 'internal') logger.error({ ...fields, err: error }, 'refused')
  else logger.info(fields, 'refused')
}

/** Refusals of one network that were not told singly: how many there were in one second. */
export function logRefusalSum(logger: Logger, error: Token, network: string, count: number): void {
  logger.info({ error, network, count }, 'refused')
}

/** Which way the bytes of sessions go: see docs/performance.md. */
export function logDataPath(logger: Logger, path: string): void {
  logger.info({ path }, 'data path')
}

/**
 * A listener that accepts from now on. `port` is undefined on a unix socket, where the address is
 * the path.
 */
export function logListening(
  logger: Logger,
  listener: string,
  at: { readonly address: string; readonly port: number | undefined },
): void {
  logger.info({ listener, address: at.address, port: at.port }, 'listening')
}

function sessionFields(facts: SessionFacts): Record<string, unknown> {
  const { id, listener, route, client, host, path, upstream, subprotocol, identity } = facts
  return { id, listener, route, client, host, path, upstream, subprotocol, identity }
}

/** The message of an error is for operators: which header, which limit, which clause of the RFC. */
function detailOf(error: GatewayError | undefined): { detail?: string } {
  return error === undefined || error.message === '' ? {} : { detail: error.message }
}
