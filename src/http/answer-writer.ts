import type { ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import { longestDurationMs } from '../config/duration.ts'
import { GatewayError } from '../errors.ts'

export interface AnswerWriterOptions {
  /** How long written bytes may wait for a client that takes none of them. */
  readonly stallMs: number
  /** Called when a paused producer may go on. */
  readonly resume: () => void
  /** Called once, when the client has gone or takes nothing: the producer is to stop. */
  readonly lost: (error: GatewayError) => void
}

const nothing = Buffer.alloc(0)
const smallBytes = 1_024

/**
 * Writes an upstream's answer to the client with back-pressure. Once its head is out, an answer
 * that cannot be finished cuts the client's connection: a body that ends early must not pass for a
 * whole one.
 */
export class AnswerWriter {
  /** Bytes of the body handed to the client's connection. */
  sent = 0
  status = 0
  readonly #response: ServerResponse
  readonly #options: AnswerWriterOptions
  readonly #closed: Promise<void>
  #failure: GatewayError | undefined
  /** The client's socket, while it has not taken what was written. */
  #watched: Socket | undefined
  /** The body ends with the connection: neither a length nor chunks. */
  #endless = false

  constructor(response: ServerResponse, options: AnswerWriterOptions) {
    this.#response = response
    this.#options = options
    response.on('drain', this.#onDrain)
    response.on('timeout', this.#onStall)
    response.on('error', this.#onError)
    const { socket } = response.req
    this.#closed = new Promise((resolve) => {
      response.once('finish', () => {
        // Node 22 says that too where the last write has failed.
        if (socket.errored !== null) this.#lose('client-lost', 'the client has gone')
        resolve()
      })
      response.once('close', () => {
        if (!response.writableFinished) this.#lose('client-lost', 'the client has gone')
        resolve()
      })
    })
  }

  get started(): boolean {
    return this.#response.headersSent
  }

  /**
   * @param headers what goes out, name and value alternating
   * @throws {GatewayError} `upstream-invalid` where Node refuses to send such a head
   */
  head(status: number, statusText: string, headers: readonly string[]): void {
    const response = this.#response
    this.status = status
    const lines = [...headers]
    try {
      // Undefined is Node's own phrase: one with other characters than these it would not send.
      if (/^[\t\x20-\x7e]+$/.test(statusText)) response.writeHead(status, statusText, lines)
      else response.writeHead(status, lines)
    } catch (cause) {
      throw new GatewayError('upstream-invalid', 'the head cannot be passed on', { cause })
    }
    this.#endless = !response.chunkedEncoding && !hasLength(headers)
    // A small answer leaves as one packet: what came with the head has been written by then. Events
    // may be long in coming.
    process.nextTick(() => {
      // Not flushHeaders(): it writes a head of latin1 bytes as UTF-8.
      if (this.sent === 0 && !response.writableEnded && !response.destroyed) response.write(nothing)
    })
  }

  /** @returns false when the producer should pause until `resume` */
  write(chunk: Buffer): boolean {
    if (this.#response.destroyed) return true
    const first = this.sent === 0
    this.sent += chunk.length
    if (
      first && chunk.length <= smallBytes ? this.#writeWithHead(chunk) : this.#response.write(chunk)
    )
      return true
    this.#watch()
    return false
  }

  /**
   * As text a small body becomes one string with the head, and one plain write: cheaper
   * than a gathered write of two pieces, a tenth of a bare answer of Node.
   */
  #writeWithHead(chunk: Buffer): boolean {
    return this.#response.write(chunk.toString('latin1'), 'latin1')
  }

  /**
   * Resolves when everything has gone out.
   * @param trailers name and value alternating; only where the answer is chunked
   * @throws {GatewayError} `client-lost`, `client-stalled`
   */
  async end(trailers: readonly string[] = []): Promise<void> {
    if (trailers.length > 0) this.#response.addTrailers(pairs(trailers))
    this.#response.end()
    if (this.#response.writableLength > 0) this.#watch()
    await this.#closed
    this.#release()
    if (this.#failure !== undefined) throw this.#failure
  }

  /** The answer cannot be finished. */
  cut(): void {
    const { socket } = this.#response
    this.#release()
    if (socket === null || socket.destroyed) return
    // A FIN would end such a body in good order. TLS says the same by leaving out its close_notify.
    const plainTcp = socket.remoteAddress !== undefined && !('encrypted' in socket)
    if (this.#endless && plainTcp) socket.resetAndDestroy()
    else socket.destroy()
  }

  #release(): void {
    this.#unwatch()
    this.#response.off('drain', this.#onDrain).off('timeout', this.#onStall)
  }

  /** The socket's own clock sees the kernel take a part of a write, which no event tells. */
  #watch(): void {
    const { socket } = this.#response
    if (this.#watched !== undefined || socket === null) return
    this.#watched = socket
    socket.setTimeout(Math.min(this.#options.stallMs, longestDurationMs))
    // Beside the response's: Node tells that only on sockets it has not handed over for an upgrade.
    socket.on('timeout', this.#onStall)
  }

  #unwatch(): void {
    this.#watched?.off('timeout', this.#onStall).setTimeout(0)
    this.#watched = undefined
  }

  #lose(token: 'client-lost' | 'client-stalled', message: string): void {
    if (this.#failure !== undefined) return
    this.#failure = new GatewayError(token, message)
    this.#options.lost(this.#failure)
  }

  readonly #onDrain = (): void => {
    this.#unwatch()
    this.#options.resume()
  }

  readonly #onStall = (): void => {
    this.#lose('client-stalled', `takes nothing in ${this.#options.stallMs} ms`)
    this.cut()
  }

  readonly #onError = (): void => {
    // 'close' follows, and says it.
  }
}

function hasLength(headers: readonly string[]): boolean {
  return headers.some((name, at) => at % 2 === 0 && name.toLowerCase() === 'content-length')
}

function pairs(lines: readonly string[]): [name: string, value: string][] {
  const fields: [string, string][] = []
  for (let at = 0; at < lines.length; at += 2) fields.push([lines[at]!, lines[at + 1]!])
  return fields
}
