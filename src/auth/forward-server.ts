import { Pool } from 'undici'
import { longestDurationMs } from '../config/duration.ts'
import { maxHeadBytes } from '../config/fixed-limits.ts'
import { GatewayError } from '../errors.ts'

/** A whole answer of a login server. */
export interface ForwardAnswer {
  readonly status: number
  /** Name and value alternating, as latin1 text. */
  readonly headers: readonly string[]
  readonly body: Buffer
}

const maxConnections = 32
/** Questions that wait for a connection, beyond those that have one. */
const maxWaiting = 256
const maxBodyBytes = 65_536
/** Below the 5 s after which many servers close an idle connection. */
const keepAliveMs = 4_000

/**
 * The server that a forward authenticator asks. Whatever is no whole, well-formed answer in time is
 * the same failure: nobody passes by it.
 */
export class ForwardServer {
  readonly #pool: Pool
  readonly #path: string
  readonly #timeoutMs: number
  /** For messages: without the query, which may hold a secret. */
  readonly #where: string
  #asking = 0

  /** @param timeoutMs for a whole answer, connecting included; Infinity for ever */
  constructor(url: string, timeoutMs: number) {
    const { origin, pathname, search } = new URL(url)
    this.#where = origin + pathname
    this.#path = pathname + search
    this.#timeoutMs = timeoutMs
    this.#pool = new Pool(origin, {
      connections: maxConnections,
      pipelining: 1,
      connect: { timeout: Math.min(timeoutMs, longestDurationMs) },
      keepAliveTimeout: keepAliveMs,
      maxHeaderSize: maxHeadBytes,
      // One clock for the whole, our own: these would let an answer drip for ever.
      headersTimeout: 0,
      bodyTimeout: 0,
      allowH2: false,
      useMilo: false,
    })
  }

  /**
   * @param headers name and value alternating
   * @throws {GatewayError} `auth-unavailable`; the signal's reason
   */
  async ask(headers: readonly string[], signal: AbortSignal): Promise<ForwardAnswer> {
    signal.throwIfAborted()
    if (this.#asking >= maxConnections + maxWaiting) {
      throw this.#unavailable(`${this.#asking} questions are on their way`)
    }
    const controller = new AbortController()
    const giveUp = (): void => controller.abort(signal.reason)
    signal.addEventListener('abort', giveUp, { once: true })
    const timer = this.#deadline(controller)
    this.#asking += 1
    try {
      return await this.#askTwice([...headers], controller.signal)
    } catch (error) {
      if (controller.signal.aborted) throw controller.signal.reason
      throw error instanceof GatewayError ? error : this.#unavailable(reasonOf(error))
    } finally {
      this.#asking -= 1
      clearTimeout(timer)
      signal.removeEventListener('abort', giveUp)
    }
  }

  /** Lets go of its connections, those of questions on their way too. */
  close(): void {
    if (!this.#pool.destroyed) this.#pool.destroy().catch(() => undefined)
  }

  /**
   * A kept connection may have been closed by the server as we wrote to it; a GET without a body
   * can be asked again.
   */
  async #askTwice(headers: string[], signal: AbortSignal): Promise<ForwardAnswer> {
    try {
      return await this.#askOnce(headers, signal)
    } catch (error) {
      if (!(error instanceof LostBeforeAnswer) || signal.aborted) throw error
      return await this.#askOnce(headers, signal)
    }
  }

  async #askOnce(headers: string[], signal: AbortSignal): Promise<ForwardAnswer> {
    const { statusCode, headers: answered, body } = await this.#request(headers, signal)
    const chunks: Buffer[] = []
    let bytes = 0
    // Leaving the loop destroys the body, and with it the connection.
    for await (const chunk of body as AsyncIterable<Buffer>) {
      bytes += chunk.length
      if (bytes > maxBodyBytes) throw this.#unavailable(`a body of more than ${maxBodyBytes} bytes`)
      chunks.push(chunk)
    }
    return { status: statusCode, headers: rawLines(answered), body: Buffer.concat(chunks) }
  }

  async #request(headers: string[], signal: AbortSignal) {
    try {
      return await this.#pool.request({
        method: 'GET',
        path: this.#path,
        headers,
        signal,
        responseHeaders: 'raw',
      })
    } catch (cause) {
      if (!lostCodes.has(codeOf(cause))) throw cause
      throw new LostBeforeAnswer(reasonOf(cause))
    }
  }

  #deadline(controller: AbortController): NodeJS.Timeout | undefined {
    const ms = this.#timeoutMs
    if (ms > longestDurationMs) return undefined
    return setTimeout(() => controller.abort(this.#unavailable(`no whole answer in ${ms} ms`)), ms)
  }

  #unavailable(problem: string): GatewayError {
    return new GatewayError('auth-unavailable', `${this.#where}: ${problem}`)
  }
}

class LostBeforeAnswer extends Error {
  override readonly name = 'LostBeforeAnswer'
}

const lostCodes = new Set(['UND_ERR_SOCKET', 'ECONNRESET', 'EPIPE'])

/**
 * Neither its text nor its cause: parsers quote what they were given, and that may hold what the
 * client sent.
 */
function reasonOf(error: unknown): string {
  if (error instanceof LostBeforeAnswer) return error.message
  return codeOf(error)
}

function codeOf(error: unknown): string {
  if (!(error instanceof Error)) return 'unknown error'
  return 'code' in error && typeof error.code === 'string' ? error.code : error.name
}

/** `responseHeaders: 'raw'` gives an array where the types still promise an object. */
function rawLines(headers: unknown): string[] {
  return Array.isArray(headers) ? headers.map(String) : []
}
