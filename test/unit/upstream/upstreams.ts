import type { UpstreamConfig } from '../../../src/config/config.ts'
import { parseServer } from '../../../src/config/server-url.ts'
import { Resolver } from '../../../src/upstream/resolve.ts'
import type { PickFacts } from '../../../src/upstream/balance/pick-facts.ts'
import type { Peer } from '../../support/peers.ts'
import { UpstreamPool } from '../../../src/upstream/pool.ts'

export interface UpstreamSettings {
  readonly connect?: number
  readonly handshake?: number
  readonly response?: number
  readonly tls?: Partial<UpstreamConfig['tls']>
  readonly preserveHost?: boolean
}

/** An upstream of these servers, with clocks that no test waits for unless it sets them. */
export function upstreamOf(
  servers: readonly string[],
  settings: UpstreamSettings = {},
  resolver = new Resolver(),
): UpstreamPool {
  const { connect = 5_000, handshake = 5_000, response = 5_000 } = settings
  const config: UpstreamConfig = {
    servers: servers.map((url) => ({
      server: parseServer(url)!,
      weight: 1,
      maxConnections: Infinity,
    })),
    balance: 'round-robin',
    retries: 3,
    onDown: 'keep',
    tls: { verify: true, ...settings.tls },
    preserveHost: settings.preserveHost ?? true,
    timeouts: { connect, handshake, response },
  }
  return new UpstreamPool('app', config, resolver)
}

/** A request of which there is nothing to say. */
export const anyone: PickFacts = {
  client: '192.0.2.1',
  scheme: 'http',
  query: '',
  headers: { all: () => [] },
}

/** A signal that nothing aborts. */
export const calm = new AbortController().signal

/**
 * Resolves when the other end has let go of every socket: it does not, where one is kept or only
 * half closed.
 */
export async function untilNoSockets({ sockets }: Peer): Promise<void> {
  for (const socket of sockets) {
    const closed = new Promise((resolve) => socket.once('close', resolve))
    // Writing to a socket that was destroyed brings a reset, and then an error; one that is kept
    // takes it and stays.
    const poke = (): void => {
      if (socket.writable) socket.write('x', () => setImmediate(poke))
    }
    if (socket.readableEnded) poke()
    else socket.once('end', poke).resume()
    await closed
  }
}
