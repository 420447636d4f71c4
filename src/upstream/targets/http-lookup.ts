import { Pool } from 'undici'
import { longestDurationMs } from '../../config/duration.ts'
import { maxHeadBytes } from '../../config/fixed-limits.ts'
import { GatewayError } from '../../errors.ts'
import { within } from '../deadline.ts'
import { readTarget } from './target.ts'
import type { Target } from './target.ts'
import { unavailable } from './target-lookup.ts'
import type { TargetLookup } from './target-lookup.ts'

const maxConnections = 32
/** Questions that wait for a connection, beyond those that have one. */
const maxWaiting = 256
const maxBodyBytes = 16_384

/**
 * Asks a server about each token: a GET, 200 with a target, or 404 for none. No redirect is
 * followed: whom to ask is the operator's to say, not the answer's.
 */
export class HttpLookup implements TargetLookup {
  readonly #pool: Pool
  /** Origin-form, with `{token}`. */
  readonly #template: string
  readonly #origin: string
  readonly #timeoutMs: number
  #asking = 0

  /** @param url with `{token}` in its path or query */
  constructor({ url, timeout }: { readonly url: string; readonly timeout: number }) {
    const [, origin = '', rest = ''] = /^(https?:\/\/[^/?]+)(.*)$/is.exec(url) ?? []
    this.#origin = new URL(origin).origin
    this.#template = rest.startsWith('/') ? rest : `/${rest}`
    this.#timeoutMs = timeout
    this.#pool = new Pool(this.#origin, {
      connections: maxConnections,
      pipelining: 1,
      connect: { timeout: Math.min(timeout, longestDurationMs) },
      maxHeaderSize: maxHeadBytes,
      // One clock for the whole, our own: these would let an answer drip for ever.
      headersTimeout: 0,
      bodyTimeout: 0,
      allowH2: false,
      useMilo: false,
    })
  }

  async find(token: string, signal: AbortSignal): Promise<Target | undefined> {
    // However it is escaped, a server may take it for a step up.
    if (token === '.' || token === '..') return undefined
    if (this.#asking >= maxConnections + maxWaiting) {
      throw this.#failure(`${this.#asking} questions are on their way`)
    }
    this.#asking++
    const late = (): Error => this.#failure(`no whole answer in ${this.#timeoutMs} ms`)
    try {
      return await within(this.#timeoutMs, signal, late, (own) => this.#ask(token, own))
    } catch (error) {
      if (signal.aborted || error instanceof GatewayError) throw error
      throw this.#failure(codeOf(error))
    } finally {
      this.#asking--
    }
  }

  close(): void {
    if (!this.#pool.destroyed) this.#pool.destroy().catch(() => undefined)
  }

  async #ask(token: string, signal: AbortSignal): Promise<Target | undefined> {
    const { statusCode, body } = await this.#pool.request({
      method: 'GET',
      path: this.#template.replaceAll('{token}', () => encodeURIComponent(token)),
      headers: { accept: 'application/json' },
      signal,
    })
    const chunks: Buffer[] = []
    let bytes = 0
    // Leaving the loop destroys the body, and with it the connection.
    for await (const chunk of body as AsyncIterable<Buffer>) {
      bytes += chunk.length
      if (bytes > maxBodyBytes) throw this.#failure(`a body of more than ${maxBodyBytes} bytes`)
      chunks.push(chunk)
    }
    if (statusCode === 404) return undefined
    if (statusCode !== 200) throw this.#failure(`it answered ${statusCode}`)
    const target = readTarget(Buffer.concat(chunks).toString())
    if (target === undefined) throw this.#failure('its answer has no host and port')
    return target
  }

  #failure(problem: string): GatewayError {
    return unavailable(`${this.#origin}: ${problem}`)
  }
}

/** Neither its text nor its cause: they may quote the path, and with it the token. */
function codeOf(error: unknown): string {
  if (!(error instanceof Error)) return 'unknown error'
  return 'code' in error && typeof error.code === 'string' ? error.code : error.name
}
