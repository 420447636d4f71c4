import { Agent, request } from 'node:http'
import { WebSocket } from 'ws'

export type ExchangeKind = 'request' | 'handshake'

/** A request, or a WebSocket from its handshake over one message to its end. Times are `performance.now()`. */
export interface Exchange {
  readonly kind: ExchangeKind
  readonly began: number
  /** Undefined while it is in progress. */
  ended?: number
  /** The answer's body, or the message: which server it was. */
  server?: string
  /** Why it was lost. */
  lost?: string
}

/** Everyday traffic: new exchanges at a steady pace, however slow the earlier ones are. */
export class Traffic {
  readonly exchanges: Exchange[] = []
  readonly #port: number
  readonly #agent = new Agent({ keepAlive: true })
  readonly #running = new Set<Promise<void>>()
  readonly #timer: NodeJS.Timeout
  #waiting: (() => void)[] = []

  /** @param everyMs a request and a handshake each */
  constructor(port: number, everyMs: number) {
    this.#port = port
    this.#timer = setInterval(() => {
      this.#begin('request', () => this.#request())
      this.#begin('handshake', () => this.#handshake())
    }, everyMs)
  }

  /** Waits until so many of each kind that begin from now on have been answered. */
  async goesOn(count: number): Promise<void> {
    const from = performance.now()
    const answered = (kind: ExchangeKind): number =>
      this.exchanges.filter(
        (one) => one.kind === kind && one.began >= from && one.server !== undefined,
      ).length
    while (answered('request') < count || answered('handshake') < count) {
      await new Promise<void>((resolve) => this.#waiting.push(resolve))
    }
  }

  /** Begins nothing more, and waits until everything has ended. */
  async end(): Promise<void> {
    clearInterval(this.#timer)
    await Promise.all(this.#running)
    this.#agent.destroy()
  }

  #begin(kind: ExchangeKind, run: () => Promise<string>): void {
    const exchange: Exchange = { kind, began: performance.now() }
    this.exchanges.push(exchange)
    const running = run()
      .then((server) => void (exchange.server = server))
      .catch((error: unknown) => void (exchange.lost = String(error)))
      .finally(() => {
        exchange.ended = performance.now()
        this.#running.delete(running)
        for (const wake of this.#waiting.splice(0)) wake()
      })
    this.#running.add(running)
  }

  #request(): Promise<string> {
    return new Promise((resolve, reject) => {
      const asked = request(
        { host: '127.0.0.1', port: this.#port, path: '/', agent: this.#agent },
        (answer) => {
          let body = ''
          answer.setEncoding('utf8').on('data', (text: string) => (body += text))
          answer.once('error', reject)
          answer.once('end', () => {
            if (answer.statusCode === 200) resolve(body)
            else reject(new Error(`${answer.statusCode} ${body}`))
          })
        },
      )
      asked.once('error', reject)
      asked.end()
    })
  }

  #handshake(): Promise<string> {
    return new Promise((resolve, reject) => {
      const socket = new WebSocket(`ws://127.0.0.1:${this.#port}/`)
      let server: string | undefined
      socket.once('open', () => socket.send('who'))
      socket.once('message', (data: Buffer) => {
        server = data.toString()
        socket.close(1000)
      })
      socket.once('error', reject)
      socket.once('close', (code, reason) => {
        if (server === undefined) reject(new Error(`${code} ${reason.toString()}`))
        else resolve(server)
      })
    })
  }
}
