import { EventEmitter, once } from 'node:events'
import type { RequestListener } from 'node:http'
import type { Socket } from 'node:net'
import type { ForwardOptions } from '../../../src/http/forward.ts'
import type { UpstreamPool } from '../../../src/upstream/pool.ts'
import { RawClient } from '../../support/raw-client.ts'
import { httpServer, rawServer } from '../../support/peers.ts'
import type { Peer } from '../../support/peers.ts'
import { upstreamOf } from '../upstream/upstreams.ts'
import type { UpstreamSettings } from '../upstream/upstreams.ts'
import { forwarder } from './forwarder.ts'
import type { Forwarder } from './forwarder.ts'

export interface Chain {
  readonly upstream: Peer
  readonly pool: UpstreamPool
  readonly edge: Forwarder
}
export type Settings = UpstreamSettings & Partial<ForwardOptions>

const chains: Chain[] = []
const clients: RawClient[] = []

/** Ends everything that a test began. */
export async function closeChains(): Promise<void> {
  for (const client of clients.splice(0)) client.destroy()
  for (const { pool, edge, upstream } of chains.splice(0)) {
    pool.destroy()
    edge.close()
    upstream.close()
    await pool.close()
  }
}

export async function chain(upstream: Peer, settings: Settings = {}): Promise<Chain> {
  const pool = upstreamOf([`http://127.0.0.1:${upstream.port}`], settings)
  const made = { upstream, pool, edge: await forwarder(pool, settings) }
  chains.push(made)
  return made
}

/**
 * In front of a raw upstream that calls `answer` for each request head, with everything that came
 * so far.
 */
export async function raw(
  answer: (socket: Socket, request: string, count: number) => void,
  settings: Settings = {},
): Promise<Chain> {
  let count = 0
  const upstream = await rawServer((socket) => {
    let received = ''
    socket.on('data', (chunk: Buffer) => {
      received += chunk.toString('latin1')
      if (!received.includes('\r\n\r\n')) return
      const request = received
      received = ''
      answer(socket, request, ++count)
    })
  })
  return chain(upstream, settings)
}

export async function served(handle: RequestListener, settings: Settings = {}): Promise<Chain> {
  return chain(await httpServer(handle), settings)
}

export async function client({ edge }: Chain): Promise<RawClient> {
  const made = await RawClient.connect(edge.port)
  clients.push(made)
  return made
}

export const get = 'GET / HTTP/1.1\r\nHost: app.example\r\n\r\n'
export const ok = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok'

/** Resolves with the next request that reaches a raw upstream. */
export function arrival(): { arrived: Promise<Socket>; arrive: (socket: Socket) => void } {
  const events = new EventEmitter()
  const arrived = once(events, 'arrived').then(([socket]: Socket[]) => socket!)
  return { arrived, arrive: (socket) => void events.emit('arrived', socket) }
}

export const chunkedHead = 'POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n'
