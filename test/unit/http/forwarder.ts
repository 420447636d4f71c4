import { once } from 'node:events'
import { createServer } from 'node:http'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import { GatewayError } from '../../../src/errors.ts'
import { forward } from '../../../src/http/forward.ts'
import type { ForwardOptions, ForwardOutcome } from '../../../src/http/forward.ts'
import { outboundHeaders } from '../../../src/http/headers.ts'
import { readEdgeRequest } from '../../../src/listener/edge-request.ts'
import { TrustedProxies } from '../../../src/listener/forwarded.ts'
import type { UpstreamPool } from '../../../src/upstream/pool.ts'
import type { Peer } from '../../support/peers.ts'

export interface Forwarder extends Peer {
  /** What became of each exchange, in order. */
  readonly outcomes: (ForwardOutcome | GatewayError)[]
  /** The next exchange's end. */
  outcome(): Promise<ForwardOutcome | GatewayError>
}

/**
 * An HTTP server that forwards what it gets; failures before an answer become a status with the
 * token as the body.
 */
export async function forwarder(
  pool: UpstreamPool,
  options: Partial<ForwardOptions> = {},
): Promise<Forwarder> {
  const outcomes: (ForwardOutcome | GatewayError)[] = []
  let seen = 0
  const waiting = new Set<() => void>()
  const trust = new TrustedProxies([])

  async function serve(head: IncomingMessage, response: ServerResponse): Promise<void> {
    const { method = '', url = '', httpVersion, rawHeaders, socket } = head
    const peer = { address: '127.0.0.1', port: 1, encrypted: false, servername: undefined }
    const controller = new AbortController()
    const gone = (): void => controller.abort(new GatewayError('client-lost', 'gone'))
    socket.once('close', gone)
    const request = readEdgeRequest(
      { method, target: url, httpVersion, rawHeaders },
      { id: 'test', peer, trust },
    )
    const headers = outboundHeaders(request, { identityHeaders: new Set(), upgrade: false })
    const { signal } = controller
    try {
      outcomes.push(
        await forward({ request, facts: request, headers, head, response }, pool, {
          bodyLimit: Infinity,
          stallMs: 60_000,
          signal,
          ...options,
        }),
      )
    } catch (thrown) {
      const error = GatewayError.from(thrown)
      outcomes.push(error)
      response.shouldKeepAlive = false
      response.writeHead(error.fault.status ?? 500, { 'Content-Length': error.token.length })
      response.end(error.token)
    }
    socket.off('close', gone)
    for (const wake of waiting) wake()
    waiting.clear()
  }

  const server = createServer({ requestTimeout: 0 })
  server.on('request', (head, response) => void serve(head, response))
  server.on('checkContinue', (head, response) => void serve(head, response))
  const sockets = new Set<Socket>()
  server.on('connection', (socket: Socket) => {
    sockets.add(socket)
    socket.once('close', () => sockets.delete(socket))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    port: (server.address() as AddressInfo).port,
    sockets,
    close() {
      server.close()
      for (const socket of sockets) socket.destroy()
    },
    outcomes,
    async outcome() {
      while (outcomes.length === seen) {
        await new Promise<void>((resolve) => {
          waiting.add(resolve)
        })
      }
      return outcomes[seen++]!
    },
  }
}
