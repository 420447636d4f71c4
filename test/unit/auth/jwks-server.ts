import { once } from 'node:events'
import { createServer } from 'node:http'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

/**
 * An issuer's server on this machine: answers every request with what `answer` does at that time,
 * and counts them.
 */
export class JwksServer {
  readonly url: URL
  answer: (request: IncomingMessage, response: ServerResponse) => void
  requests = 0
  readonly #server

  constructor(server: ReturnType<typeof createServer>) {
    this.#server = server
    this.answer = (_, response) => response.end()
    const { port } = server.address() as AddressInfo
    this.url = new URL(`http://127.0.0.1:${port}/jwks.json`)
    server.on('request', (request, response) => {
      this.requests++
      this.answer(request, response)
    })
  }

  /** @param port any where none is given */
  static async start(port = 0): Promise<JwksServer> {
    const server = createServer().listen(port, '127.0.0.1')
    await once(server, 'listening')
    return new JwksServer(server)
  }

  /** Answers with this text from now on. */
  publish(text: string): void {
    this.answer = (_, response) => response.end(text)
  }

  /** The next request, unanswered as long as nobody does. */
  async request(): Promise<ServerResponse> {
    return new Promise((resolve) => {
      this.answer = (_, response) => resolve(response)
    })
  }

  async stop(): Promise<void> {
    if (!this.#server.listening) return
    this.#server.closeAllConnections()
    this.#server.close()
    await once(this.#server, 'close')
  }
}
