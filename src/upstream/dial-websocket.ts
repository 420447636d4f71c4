import { randomBytes } from 'node:crypto'
import { request as httpRequest } from 'node:http'
import type { IncomingMessage } from 'node:http'
import type { Socket } from 'node:net'
import type { Server } from '../config/server-url.ts'
import { longestDurationMs } from '../config/duration.ts'
import { maxHeadBytes } from '../config/fixed-limits.ts'
import { GatewayError } from '../errors.ts'
import { serializeExtensions } from '../websocket/extensions.ts'
import { checkAnswerHead, maxInterimAnswers } from './answer-head.ts'
import type { UpstreamAnswer, VerifiedWebSocket, WebSocketOffer } from './upstream.ts'
import { verifyHandshake } from './verify-handshake.ts'

export interface HandshakeOptions {
  /** For the whole head of the answer. */
  readonly handshakeMs: number
  readonly signal: AbortSignal
}

/**
 * Opens a WebSocket on a socket that `connect` made, whose only user it is. Node's client parses
 * the answer (undici's `upgrade` hides every answer that is no 101); what a 101 must say is checked
 * here. The socket comes back paused, with early frames in front and no listener but that of
 * `connect`, or it has been destroyed.
 * @throws {GatewayError} `upstream-handshake`, `upstream-invalid`, `upstream-lost`,
 * `upstream-timeout`; the signal's reason
 */
export function shakeHands(
  socket: Socket,
  server: Server,
  offer: WebSocketOffer,
  { handshakeMs, signal }: HandshakeOptions,
): Promise<VerifiedWebSocket | UpstreamAnswer> {
  return new Promise((resolve, reject) => {
    if (signal.aborted) {
      socket.destroy()
      reject(signal.reason)
      return
    }
    const key = randomBytes(16).toString('base64')
    const request = httpRequest({
      createConnection: () => socket,
      method: 'GET',
      path: offer.target,
      headers: handshakeLines(offer, key),
      setHost: false,
      maxHeaderSize: maxHeadBytes,
      insecureHTTPParser: false,
    })
    // The default of 2,000 names and values drops the rest without a word; the head's size bounds
    // them.
    request.maxHeadersCount = 0
    let interim = 0

    const settle = (): void => {
      clearTimeout(timer)
      signal.removeEventListener('abort', abort)
      socket.off('close', lost)
    }
    const fail = (reason: unknown): void => {
      settle()
      socket.destroy()
      reject(reason)
    }
    const abort = (): void => fail(signal.reason)
    const lost = (): void =>
      fail(new GatewayError('upstream-lost', `${server.url}: closed before a whole answer`))
    const late = (): void =>
      fail(new GatewayError('upstream-timeout', `${server.url}: no answer in ${handshakeMs} ms`))

    request.on('information', () => {
      if (++interim > maxInterimAnswers) fail(tooManyInterims(server))
    })
    request.on('upgrade', (answer, _socket, early) => {
      try {
        const { httpVersion, rawHeaders } = answer
        const { protocol, extensions } = verifyHandshake(httpVersion, rawHeaders, key, offer)
        settle()
        socket.pause()
        if (early.length > 0) socket.unshift(early)
        const { deflate, header } = extensions
        const facts = { protocol, extensions: header, deflate }
        resolve({ kind: 'websocket', socket, server: server.url, ...facts })
      } catch (error) {
        fail(error)
      }
    })
    request.on('response', (answer) => {
      try {
        const { statusCode = 0 } = answer
        // A 101 without Upgrade and Connection is an answer like others to Node's parser.
        if (statusCode === 101) throw upgradesNothing(server)
        checkAnswerHead(statusCode, answer.rawHeaders)
        settle()
        resolve(ownAnswer(answer, socket, server))
      } catch (error) {
        fail(error)
      }
    })
    request.on('error', (error: NodeJS.ErrnoException) => {
      // Whatever the parser says is about the answer; the rest is about the socket.
      const invalid = error.code?.startsWith('HPE_') === true && !isCut(error)
      const token = invalid ? 'upstream-invalid' : 'upstream-lost'
      fail(new GatewayError(token, `${server.url}: ${error.message}`, { cause: error }))
    })
    socket.on('close', lost)
    signal.addEventListener('abort', abort)
    const timer = setTimeout(late, Math.min(handshakeMs, longestDurationMs))
    request.end()
  })
}

function handshakeLines(offer: WebSocketOffer, key: string): string[] {
  const extensions = serializeExtensions(offer.extensions)
  const protocols = offer.protocols.join(', ')
  const own = ['Connection', 'Upgrade', 'Upgrade', 'websocket', 'Sec-WebSocket-Version', '13']
  const lines = [...offer.headers, ...own, 'Sec-WebSocket-Key', key]
  if (protocols !== '') lines.push('Sec-WebSocket-Protocol', protocols)
  if (extensions !== undefined) lines.push('Sec-WebSocket-Extensions', extensions)
  return lines
}

function ownAnswer(answer: IncomingMessage, socket: Socket, server: Server): UpstreamAnswer {
  // It was asked to become a WebSocket: nothing else is ever sent on it.
  answer.once('close', () => socket.destroy())
  return {
    kind: 'answer',
    server: server.url,
    status: answer.statusCode ?? 0,
    statusText: answer.statusMessage ?? '',
    headers: answer.rawHeaders,
    body: answer,
  }
}

/** A FIN inside a head is the parser's error too. */
function isCut(error: NodeJS.ErrnoException): boolean {
  return error.code === 'HPE_INVALID_EOF_STATE'
}

function tooManyInterims(server: Server): GatewayError {
  return new GatewayError(
    'upstream-invalid',
    `${server.url}: over ${maxInterimAnswers} interim answers`,
  )
}

function upgradesNothing(server: Server): GatewayError {
  return new GatewayError('upstream-handshake', `${server.url}: the 101 upgrades nothing`)
}
