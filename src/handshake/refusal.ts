import { STATUS_CODES } from 'node:http'
import type { Socket } from 'node:net'
import { answerWhole, closeLingering, linesByName } from '../answer.ts'
import type { GatewayError, Token } from '../errors.ts'
import type { Exchange } from '../listener/exchange.ts'

/**
 * Answers a request that is not served: the status of its token, and the token as a short text.
 * Does nothing but close where an answer has begun already.
 * @returns the status that was sent, undefined where none could be
 */
export function refuse(exchange: Exchange, error: GatewayError): number | undefined {
  const { head, response, connection } = exchange
  const status = error.fault.status ?? 500
  if (response.headersSent || response.destroyed || connection.socket.destroyed) {
    connection.socket.destroy()
    return undefined
  }
  if (error.fault.closes === true || connection.refusal !== undefined)
    response.shouldKeepAlive = false
  const type = { 'Content-Type': 'text/plain; charset=utf-8' }
  const extra = extraHeaders(error.token, error.fault.retryAfter)
  answerWhole(
    head,
    response,
    status,
    { ...type, ...extra, ...linesByName(error.headers) },
    `${error.token}\n`,
  )
  return status
}

/**
 * Answers a connection that never came to a request: what came is not HTTP, or came too slowly.
 * Then closes it.
 */
export function refuseSocket(socket: Socket, error: GatewayError): number | undefined {
  if (socket.destroyed || !socket.writable) return undefined
  const status = error.fault.status ?? 500
  const text = `${error.token}\n`
  socket.write(
    `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}\r\nContent-Type: text/plain; charset=utf-8\r\n` +
      `Content-Length: ${text.length}\r\nConnection: close\r\n\r\n${text}`,
  )
  closeLingering(socket)
  return status
}

/** What a 426 has to name, in Connection too (RFC 9110 sections 15.5.22 and 7.8). */
const upgradeOffer = { Upgrade: 'websocket', Connection: 'close, Upgrade' }

function extraHeaders(
  token: Token,
  retryAfter: number | undefined,
): Record<string, string | number> {
  switch (token) {
    case 'version-unsupported':
      return { 'Sec-WebSocket-Version': '13', ...upgradeOffer }
    case 'upgrade-required':
      return upgradeOffer
    case 'method-refused':
      return { Allow: 'GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS' }
    default:
      return retryAfter === undefined ? {} : { 'Retry-After': retryAfter }
  }
}
