import type { IncomingMessage } from 'node:http'
import { Readable } from 'node:stream'
import { longestDurationMs } from '../config/duration.ts'
import { GatewayError } from '../errors.ts'

export interface RequestBodyOptions {
  readonly maxBytes: number
  /** How long nothing may come while it is wanted. */
  readonly stallMs: number
  /** Called once, right before the first read: the moment for `100 Continue`. */
  readonly wanted: () => void
}

/**
 * A client's request body on its way to the upstream. Whoever destroys this stream does not destroy
 * the client's connection with it, as destroying the IncomingMessage would: an answer may still
 * have to go out.
 *
 * Ends with a GatewayError: `body-too-big`, `body-timeout`, `client-lost`.
 */
export class RequestBody extends Readable {
  /** Bytes of the body that came, without its transfer coding. */
  received = 0
  readonly #source: IncomingMessage
  readonly #options: RequestBodyOptions
  #timer: NodeJS.Timeout | undefined

  constructor(source: IncomingMessage, options: RequestBodyOptions) {
    super()
    this.#source = source
    this.#options = options
  }

  override _read(): void {
    if (this.#timer === undefined) {
      this.#start()
    } else {
      this.#timer.refresh()
      this.#source.resume()
    }
  }

  override _destroy(error: Error | null, callback: (error?: Error | null) => void): void {
    if (this.#timer !== undefined) {
      clearTimeout(this.#timer)
      this.#detach()
      // The rest is of no use, and must not stand in the way of the connection's end.
      this.#source.resume()
    }
    callback(error)
  }

  #start(): void {
    const { stallMs, wanted } = this.#options
    this.#timer = setTimeout(this.#onSilence, Math.min(stallMs, longestDurationMs))
    wanted()
    this.#source.on('data', this.#onData).on('end', this.#onEnd)
    this.#source.on('close', this.#onClose).on('error', this.#onClose)
    if (this.#source.readableEnded) this.#onEnd()
    else if (this.#source.destroyed) this.#onClose()
  }

  #detach(): void {
    this.#source.off('data', this.#onData).off('end', this.#onEnd).off('close', this.#onClose)
  }

  readonly #onData = (chunk: Buffer): void => {
    this.received += chunk.length
    if (this.received > this.#options.maxBytes) {
      const message = `over ${this.#options.maxBytes} bytes`
      this.destroy(new GatewayError('body-too-big', message))
    } else if (this.push(chunk)) {
      this.#timer?.refresh()
    } else {
      this.#source.pause()
    }
  }

  readonly #onEnd = (): void => {
    clearTimeout(this.#timer)
    this.#detach()
    this.push(null)
  }

  readonly #onClose = (): void => {
    this.destroy(new GatewayError('client-lost', 'the body was cut short'))
  }

  readonly #onSilence = (): void => {
    // Its clock stands while we do not read, and starts anew with the next read: one that was
    // cleared could not.
    if (this.#source.isPaused()) return
    const message = `nothing came in ${this.#options.stallMs} ms`
    this.destroy(new GatewayError('body-timeout', message))
  }
}
