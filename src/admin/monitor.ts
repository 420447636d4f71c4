import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import type { BindAddress } from '../config/bind-address.ts'
import { listenOn, type BoundAddress } from '../listener/bind.ts'
import { logListening } from '../observe/connection-record.ts'
import type { Logger } from '../observe/logger.ts'
import type { Metrics } from '../observe/metrics.ts'

export interface MonitorOptions {
  readonly bind: BindAddress
  readonly metrics: Metrics
  readonly logger: Logger
  /**
   * Why new clients should go elsewhere (`starting`, `draining`); undefined while they are welcome.
   */
  readonly unready: () => string | undefined
}

/** The name under which the monitor appears in the log, beside the configured listeners. */
const name = 'monitor'

/**
 * Sockets of its own, outside `admission`: a full gateway must still be able to say that it lives.
 */
const maxSockets = 32
const headMs = 5_000
/** A socket that neither sends nor takes anything for so long is ended. */
const silentMs = 10_000
/**
 * Rendering costs, and whoever can reach the port can ask: an answer serves everybody for so long.
 */
const metricsAgeMs = 1_000

interface Answer {
  readonly status: number
  readonly type: string
  readonly body: string
}

const plain = 'text/plain; charset=utf-8'

/**
 * What watches the process: `/livez`, `/readyz` and `/metrics`, and nothing else. It changes
 * nothing and shows no traffic, so it may be bound to a pod's address.
 */
export class Monitor {
  readonly #options: MonitorOptions
  readonly #server: Server
  /** How many requests of each are being answered. The last is the one that was last in use. */
  readonly #sockets = new Map<Socket, number>()
  #rendered: { readonly at: number; readonly text: Promise<string> } | undefined

  constructor(options: MonitorOptions) {
    this.#options = options
    this.#server = createServer({
      headersTimeout: headMs,
      requestTimeout: headMs,
      keepAliveTimeout: headMs,
      connectionsCheckingInterval: 1_000,
      maxHeaderSize: 8_192,
    })
    this.#server.timeout = silentMs
    this.#server.on('connection', (socket) => this.#admit(socket))
    this.#server.on('request', (request, response) => {
      this.#use(request.socket, 1)
      response.once('close', () => this.#use(request.socket, -1))
      this.#answer(request)
        .then((answer) => send(request, response, answer))
        .catch((error: unknown) => {
          this.#options.logger.error({ err: error }, 'monitor request failed')
          response.destroy()
        })
    })
  }

  /**
   * @returns where it accepts from now on. @throws {Error} with one line, where that is not
   * possible
   */
  async start(): Promise<BoundAddress> {
    const { bind, logger, metrics } = this.#options
    const bound = await listenOn(this.#server, bind, name)
    this.#server.on('error', (error) => logger.warn({ err: error }, 'accept failed'))
    metrics.observeProcess()
    logListening(logger, name, bound)
    return bound
  }

  /** Ends every connection; resolves when the last is gone. */
  async stop(): Promise<void> {
    if (!this.#server.listening) return
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()))
    this.#server.closeAllConnections()
    await closed
  }

  /**
   * Where all sockets are taken, one without a request makes room, the one that has been so for the
   * longest: who holds sockets open and says nothing must not keep the probes out. Bytes that are no
   * whole request yet are nothing said.
   */
  #admit(socket: Socket): void {
    if (this.#sockets.size >= maxSockets) {
      const silent = [...this.#sockets].find(([, answering]) => answering === 0)?.[0]
      if (silent === undefined) {
        socket.destroy()
        return
      }
      silent.destroy()
      this.#sockets.delete(silent)
    }
    this.#sockets.set(socket, 0)
    socket.once('close', () => this.#sockets.delete(socket))
  }

  #use(socket: Socket, change: number): void {
    const answering = this.#sockets.get(socket)
    // It may be gone before its answer is.
    if (answering === undefined) return
    this.#sockets.delete(socket)
    this.#sockets.set(socket, answering + change)
  }

  async #answer(request: IncomingMessage): Promise<Answer> {
    const [path] = (request.url ?? '').split('?', 1)
    if (path !== '/livez' && path !== '/readyz' && path !== '/metrics') {
      return { status: 404, type: plain, body: 'not found\n' }
    }
    if (request.method !== 'GET' && request.method !== 'HEAD') {
      return { status: 405, type: plain, body: 'GET or HEAD\n' }
    }
    if (path === '/metrics') {
      const { metrics } = this.#options
      return { status: 200, type: metrics.contentType, body: await this.#renderMetrics() }
    }
    const unready = path === '/readyz' ? this.#options.unready() : undefined
    if (unready !== undefined) return { status: 503, type: plain, body: `${unready}\n` }
    return { status: 200, type: plain, body: 'ok\n' }
  }

  #renderMetrics(): Promise<string> {
    const now = performance.now()
    if (this.#rendered === undefined || now - this.#rendered.at >= metricsAgeMs) {
      this.#rendered = { at: now, text: this.#options.metrics.render() }
    }
    return this.#rendered.text
  }
}

function send(request: IncomingMessage, response: ServerResponse, answer: Answer): void {
  response.statusCode = answer.status
  response.setHeader('Content-Type', answer.type)
  response.setHeader('Content-Length', Buffer.byteLength(answer.body))
  response.setHeader('Cache-Control', 'no-store')
  if (answer.status === 405) response.setHeader('Allow', 'GET, HEAD')
  // A body that nobody reads would hold the connection; a request that has one is not a probe.
  if (request.method !== 'GET' && request.method !== 'HEAD')
    response.setHeader('Connection', 'close')
  response.end(request.method === 'HEAD' ? undefined : answer.body)
}
