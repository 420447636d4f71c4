import type { LookupAddress } from 'node:dns'
import type { UpstreamConfig } from '../../../src/config/settled/upstreams.ts'
import { parseServer } from '../../../src/config/server-url.ts'
import { RawHeaderLines } from '../../../src/listener/header-lines.ts'
import { Resolver } from '../../../src/upstream/resolve.ts'
import type { NameResolver } from '../../../src/upstream/resolve.ts'
import type { PickFacts } from '../../../src/upstream/balance/pick-facts.ts'
import type { Peer } from '../../support/peers.ts'
import { stubResolver } from '../../support/stub-resolver.ts'
import { UpstreamPool } from '../../../src/upstream/pool.ts'

type Defaulted = 'balance' | 'sticky' | 'retries' | 'queue' | 'onDown' | 'preserveHost'
type Health = 'health' | 'ejection' | 'slowStart' | 'sendProxyProtocol'

export interface UpstreamSettings extends Partial<Pick<UpstreamConfig, Defaulted | Health>> {
  readonly connect?: number
  readonly handshake?: number
  readonly response?: number
  readonly tls?: Partial<UpstreamConfig['tls']>
  /** Of each server. */
  readonly maxConnections?: number
  /** In the order of the servers. */
  readonly weights?: readonly number[]
}

/** The configuration of these servers, with clocks that no test waits for unless it sets them. */
export function configOf(
  servers: readonly string[],
  settings: UpstreamSettings = {},
): UpstreamConfig {
  const { connect = 5_000, handshake = 5_000, response = 5_000, tls, ...rest } = settings
  const { maxConnections = Infinity, weights = [], ...config } = rest
  return {
    balance: 'round-robin',
    retries: 3,
    onDown: 'keep',
    preserveHost: true,
    ...config,
    servers: servers.map((url, at) => ({
      server: parseServer(url)!,
      weight: weights[at] ?? 1,
      maxConnections,
    })),
    tls: { verify: true, ...tls },
    timeouts: { connect, handshake, response },
  }
}

/** An upstream of these servers. */
export function upstreamOf(
  servers: readonly string[],
  settings: UpstreamSettings = {},
  resolver: NameResolver = new Resolver(),
): UpstreamPool {
  return new UpstreamPool('app', configOf(servers, settings), resolver)
}

/** A resolver of one name, which leads to `first` and from then on where the test moves it. */
export function movable(...first: readonly string[]): {
  readonly resolver: NameResolver
  readonly move: (...addresses: readonly string[]) => void
} {
  let tell: (found: readonly LookupAddress[]) => void = () => undefined
  const move = (...addresses: readonly string[]): void => {
    tell(addresses.map((address) => ({ address, family: 4 })))
  }
  const resolver: NameResolver = {
    ...stubResolver(() => first),
    watchAddresses: (_name, found) => {
      tell = found
      move(...first)
      return () => undefined
    },
  }
  return { resolver, move }
}

/** A request of a client that sends these header lines, name and value alternating. */
export function asks(headers: readonly string[] = [], more: Partial<PickFacts> = {}): PickFacts {
  return { ...anyone, headers: new RawHeaderLines(headers), ...more }
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
