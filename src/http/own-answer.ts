import type { IncomingMessage, ServerResponse } from 'node:http'
import { answerWhole, linesByName } from '../answer.ts'
import type { AuthAnswer } from '../auth/authenticator.ts'
import { GatewayError } from '../errors.ts'
import type { EdgeRequest } from '../listener/edge-request.ts'

/** What the gateway answered itself. */
export interface OwnAnswer {
  readonly status: number
  /** Bytes of the body. */
  readonly sent: number
}

/** `OPTIONS *` asks about the server as a whole (RFC 9110 section 9.3.7). */
export function answerOptions(head: IncomingMessage, response: ServerResponse): OwnAnswer {
  return send(head, response, 204, {}, undefined)
}

/** A `respond` route. */
export function respond(
  head: IncomingMessage,
  response: ServerResponse,
  answer: { readonly status: number; readonly body: string | undefined },
): OwnAnswer {
  const empty = answer.status === 204 || answer.status === 304
  if (empty) return send(head, response, answer.status, {}, undefined)
  const type = answer.body === undefined ? {} : { 'Content-Type': 'text/plain; charset=utf-8' }
  return send(head, response, answer.status, type, answer.body ?? '')
}

/**
 * A `redirect` route: the same path and query over https. 308 keeps the method and the body.
 * @throws {GatewayError} `request-malformed` where HTTP/1.0 named no host to go to
 */
export function redirect(
  request: EdgeRequest,
  head: IncomingMessage,
  response: ServerResponse,
  port: number | undefined,
): OwnAnswer {
  if (request.host === '') throw new GatewayError('request-malformed', 'a redirect needs a Host')
  const authority = port === undefined ? request.host : `${request.host}:${port}`
  return send(head, response, 308, { Location: `https://${authority}${request.target}` }, '')
}

/** An answer without a body, with these header lines, name and value alternating. */
export function answerNothing(
  head: IncomingMessage,
  response: ServerResponse,
  lines: readonly string[],
  status: 200 | 204 = 204,
): OwnAnswer {
  return send(head, response, status, linesByName(lines), status === 204 ? undefined : '')
}

/** An answer for programs. */
export function answerJson(
  head: IncomingMessage,
  response: ServerResponse,
  status: number,
  lines: readonly string[],
  body: Readonly<Record<string, unknown>>,
): OwnAnswer {
  const headers = { 'Content-Type': 'application/json', ...linesByName(lines) }
  return send(head, response, status, headers, JSON.stringify(body))
}

/** What an auth server wants the client to see. */
export function passAnswer(
  head: IncomingMessage,
  response: ServerResponse,
  { status, headers, body }: AuthAnswer,
  more: readonly string[] = [],
): OwnAnswer {
  const lines: string[] = []
  for (let at = 0; at + 1 < headers.length; at += 2) {
    const name = headers[at]!
    if (!framing.has(name.toLowerCase())) lines.push(name, headers[at + 1]!)
  }
  return send(head, response, status, linesByName([...lines, ...more]), body)
}

/** Ours to write. */
const framing = new Set(['connection', 'content-length', 'keep-alive', 'transfer-encoding'])

function send(
  head: IncomingMessage,
  response: ServerResponse,
  status: number,
  headers: Record<string, string | string[]>,
  body: string | undefined,
): OwnAnswer {
  answerWhole(head, response, status, headers, body)
  return { status, sent: head.method === 'HEAD' ? 0 : Buffer.byteLength(body ?? '') }
}
