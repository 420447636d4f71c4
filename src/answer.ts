import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import { StallClock } from './stall-clock.ts'

/** How long a client may go on sending what nobody wants, after its answer has gone out. */
export const lingerMs = 2_000

/**
 * Flushes, sends FIN, then reads and discards for a bounded time. Closing at once with bytes unread
 * would reset the connection, and a reset can overtake the answer on its way (RFC 9112 section
 * 9.6).
 */
export function closeLingering(socket: Socket, withinMs = lingerMs): void {
  if (socket.destroyed) return
  const timer = setTimeout(() => socket.destroy(), withinMs)
  socket.once('close', () => clearTimeout(timer))
  socket.once('end', () => socket.destroySoon())
  socket.end()
  socket.resume()
}

/**
 * How long an answer of our own may wait for a client that takes nothing of it. Behind many answers
 * that nobody reads even a short one does, and would keep its connection for ever.
 */
const ownStallMs = 60_000

/**
 * Cuts the connection of a client that takes nothing of an answer for this long, until the answer
 * has gone out. For answers that wait for nobody but the client.
 * @param cut called right before
 */
export function cutStalled(response: ServerResponse, stallMs: number, cut?: () => void): void {
  const { socket } = response
  if (socket === null) return
  const clock = new StallClock(socket, stallMs, () => {
    cut?.()
    socket.destroy()
  })
  const stop = (): void => clock.stop()
  response.once('finish', stop).once('close', stop)
  clock.start()
}

/**
 * Sends a whole answer that does not depend on the request's body. Where that body is still on its
 * way, the connection is closed after it, and not before the client had time to read the answer.
 */
export function answerWhole(
  head: IncomingMessage,
  response: ServerResponse,
  status: number,
  headers: Readonly<Record<string, string | number | string[]>>,
  body: string | undefined,
  stallMs = ownStallMs,
): void {
  const unread = bodyPending(head)
  if (unread) response.shouldKeepAlive = false
  const length = body === undefined ? {} : { 'Content-Length': Buffer.byteLength(body) }
  response.writeHead(status, { ...headers, ...length })
  if (!unread || head.headers.expect !== undefined) {
    response.end(body)
    if (response.writableLength > 0) cutStalled(response, stallMs)
    return
  }
  // What was announced goes out; only the end of the response, which closes the socket, waits.
  response.flushHeaders()
  if (body !== undefined) response.write(body)
  const finish = (): void => {
    clearTimeout(timer)
    response.end()
    if (response.writableLength > 0) cutStalled(response, stallMs)
  }
  const timer = setTimeout(finish, lingerMs)
  head.once('close', finish)
  head.once('error', finish)
  head.resume()
}

/**
 * Header lines, name and value alternating, as Node takes them: those of one name together. The
 * names are ours.
 */
export function linesByName(lines: readonly string[]): Record<string, string[]> {
  const headers: Record<string, string[]> = {}
  for (let at = 0; at + 1 < lines.length; at += 2) (headers[lines[at]!] ??= []).push(lines[at + 1]!)
  return headers
}

/**
 * Node calls a request complete only after its `request` event, so one without a body has to be
 * told by its head.
 */
function bodyPending(head: IncomingMessage): boolean {
  if (head.complete) return false
  const { 'content-length': length = '0', 'transfer-encoding': coding } = head.headers
  return coding !== undefined || Number(length) > 0
}
