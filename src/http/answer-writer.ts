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
  #headers: readonly string[] = []
  /** The head was given in this turn of the event loop, and has not been written yet. */
  #fresh = false
  /** A small piece of the body, to be written with the head. */
  #held: Buffer | undefined
  #failure: GatewayError | undefined
  /** The client's socket, while it has not taken what was written. */
  #watched: Socket | undefined
  /** Everything has gone out, or nothing can any more. */
  #over = false
  #settle: (() => void) | undefined

  constructor(response: ServerResponse, options: AnswerWriterOptions) {
    this.#response = response
    this.#options = options
    // In front of Node's own listener, which starts the clock of an idle connection: ours has to be
    // gone by then, not to take that one with it.
    response.prependListener('finish', this.#onFinish)
    response.on('close', this.#onClose).on('error', ignoreError)
  }

  get started(): boolean {
    return this.#response.headersSent
  }

  /**
   * @param headers what goes out, name and value alternating; the list is the writer's from now on
   * @throws {GatewayError} `upstream-invalid` where Node refuses to send such a head
   */
  head(status: number, statusText: string, headers: string[]): void {
    const response = this.#response
    this.status = status
    try {
      // Undefined is Node's own phrase: one with other characters than these it would not send.
      if (/^[\t\x20-\x7e]+$/.test(statusText)) response.writeHead(status, statusText, headers)
      else response.writeHead(status, headers)
    } catch (cause) {
      throw new GatewayError('upstream-invalid', 'the head cannot be passed on', { cause })
    }
    this.#headers = headers
    this.#fresh = true
    process.nextTick(this.#flush)
  }

  /** @returns false when the producer should pause until `resume` */
  write(chunk: Buffer): boolean {
    if (this.#response.destroyed) return true
    const isFirst = this.sent === 0
    this.sent += chunk.length
    if (isFirst && this.#fresh && chunk.length <= smallBytes) {
      this.#held = chunk
      return true
    }
    const held = this.#takeHeld()
    if (held !== undefined) this.#response.write(held, 'latin1')
    if (this.#response.write(chunk)) return true
    this.#watch()
    return false
  }

  /**
   * Resolves when everything has gone out.
   * @param trailers name and value alternating; only where the answer is chunked
   * @throws {GatewayError} `client-lost`, `client-stalled`
   */
  async end(trailers: readonly string[] = []): Promise<void> {
    const response = this.#response
    if (trailers.length > 0) response.addTrailers(pairs(trailers))
    const held = this.#takeHeld()
    if (held === undefined) response.end()
    else response.end(held, 'latin1')
    if (response.writableLength > 0) this.#watch()
    if (!this.#over) {
      await new Promise<void>((resolve) => {
        this.#settle = resolve
      })
    }
    this.#unwatch()
    if (this.#failure !== undefined) throw this.#failure
  }

  /** The answer cannot be finished. */
  cut(): void {
    const { chunkedEncoding, socket } = this.#response
    this.#unwatch()
    if (socket === null || socket.destroyed) return
    // A body with neither a length nor chunks ends with the connection, and a FIN would end it in
    // good order. TLS says the same by leaving out its close_notify.
    const endless = !chunkedEncoding && !hasLength(this.#headers)
    const plainTcp = socket.remoteAddress !== undefined && !('encrypted' in socket)
    if (endless && plainTcp) socket.resetAndDestroy()
    else socket.destroy()
  }

  /**
   * As text a small body becomes one string with the head, and one plain write: cheaper
   * than a gathered write of two pieces, a tenth of a bare answer of Node.
   */
  #takeHeld(): string | undefined {
    const held = this.#held?.toString('latin1')
    this.#held = undefined
    return held
  }

  /**
   * A small answer leaves as one packet: what came with its head has been given by now, its end
   * perhaps, too. More may be long in coming.
   */
  readonly #flush = (): void => {
    this.#fresh = false
    const response = this.#response
    if (response.writableEnded || response.destroyed) return
    const held = this.#takeHeld()
    if (held !== undefined) {
      if (!response.write(held, 'latin1')) this.#watch()
    } else if (this.sent === 0) {
      // Not flushHeaders(): it writes a head of latin1 bytes as UTF-8.
      response.write(nothing)
    }
  }

  /** The socket's own clock sees the kernel take a part of a write, which no event tells. */
  #watch(): void {
    const { socket } = this.#response
    if (this.#watched !== undefined || socket === null) return
    this.#watched = socket
    socket.setTimeout(Math.min(this.#options.stallMs, longestDurationMs))
    this.#response.on('drain', this.#onDrain).on('timeout', this.#onStall)
    // Beside the response's: Node tells that only on sockets it has not handed over for an upgrade.
    socket.on('timeout', this.#onStall)
  }

  #unwatch(): void {
    if (this.#watched === undefined) return
    this.#watched.off('timeout', this.#onStall).setTimeout(0)
    this.#watched = undefined
    this.#response.off('drain', this.#onDrain).off('timeout', this.#onStall)
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

  readonly #onClose = (): void => {
    if (!this.#response.writableFinished) this.#lose('client-lost', 'the client has gone')
    this.#conclude()
  }

  readonly #onFinish = (): void => {
    this.#unwatch()
    // Node 22 says that too where the last write has failed.
    if (this.#response.req.socket.errored !== null) this.#lose('client-lost', 'the client has gone')
    this.#conclude()
  }

  #conclude(): void {
    this.#over = true
    this.#settle?.()
  }
}

function ignoreError(): void {
  // 'close' follows, and says it.
}

function hasLength(headers: readonly string[]): boolean {
  return headers.some((name, at) => at % 2 === 0 && name.toLowerCase() === 'content-length')
}

function pairs(lines: readonly string[]): [name: string, value: string][] {
  const fields: [string, string][] = []
  for (let at = 0; at < lines.length; at += 2) fields.push([lines[at]!, lines[at + 1]!])
  return fields
}
