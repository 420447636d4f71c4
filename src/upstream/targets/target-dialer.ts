import type { LookupAddress } from 'node:dns'
import { isIP } from 'node:net'
import type { Socket } from 'node:net'
import { canonicalAddress } from '../../config/address.ts'
import type { TargetsConfig } from '../../config/settled/targets.ts'
import { parseHost } from '../../config/host-name.ts'
import type { Server } from '../../config/server-url.ts'
import { GatewayError } from '../../errors.ts'
import type { PickFacts } from '../balance/pick-facts.ts'
import { preludeFor } from '../caller.ts'
import { readClientTls } from '../client-tls.ts'
import type { ClientTls } from '../client-tls.ts'
import { connect } from '../connect.ts'
import type { NameResolver } from '../resolve.ts'
import type { DialedTcp } from '../upstream.ts'
import { within } from '../deadline.ts'
import { formatTarget } from './target.ts'
import type { Target } from './target.ts'
import type { TargetLookup } from './target-lookup.ts'
import { TargetPolicy } from './target-policy.ts'

/** What of a request decides where it goes. */
export interface TargetFacts extends PickFacts {
  /** What the place of `from` holds; undefined where there is nothing, or more than one thing. */
  readonly token: string | undefined
}

export interface TargetDialerParts {
  readonly lookup: TargetLookup
  readonly resolver: NameResolver
}

/**
 * The backends of a bridge whose sessions say themselves where they go. A token is looked up, the
 * host that is found is resolved, the policy picks among the addresses, and what it has picked is
 * dialled: between that check and the dial nothing is resolved again.
 */
export class TargetDialer {
  readonly #config: TargetsConfig
  readonly #lookup: TargetLookup
  readonly #resolver: NameResolver
  readonly #policy: TargetPolicy
  readonly #tls: ClientTls

  /** @throws where `tls.ca` cannot be read */
  constructor(config: TargetsConfig, { lookup, resolver }: TargetDialerParts) {
    this.#config = config
    this.#lookup = lookup
    this.#resolver = resolver
    this.#policy = new TargetPolicy(config)
    this.#tls = readClientTls(config.tls ?? { verify: true })
  }

  /**
   * @throws {GatewayError} `target-unknown`, `target-denied`, `target-unavailable`; what `connect`
   * throws; the signal's reason
   */
  async dialTcp({ token, caller }: TargetFacts, signal: AbortSignal): Promise<DialedTcp> {
    if (token === undefined || token === '') {
      throw new GatewayError('target-unknown', 'the request names no target, or more than one')
    }
    const target = await this.#lookup.find(token, signal)
    if (target === undefined) throw new GatewayError('target-unknown', 'nobody knows the token')
    const { from, sendProxyProtocol } = this.#config
    const server = formatTarget(target)
    const began = performance.now()
    const addresses = target.kind === 'tcp' ? await this.#permitted(target, signal) : []
    if (target.kind === 'unix' && !this.#policy.permitsUnix(target.path)) throw denied(target)
    const connectMs = Math.max(1, this.#config.timeouts.connect - (performance.now() - began))
    const dialed = serverOf(target, addresses, this.#config.tls !== undefined)
    const socket = await connect(dialed, {
      tls: this.#tls,
      addresses,
      // With SNI, the name in the handshake is the Host too.
      prelude: preludeFor(sendProxyProtocol, caller, { authority: from.kind !== 'host' }),
      connectMs,
      signal,
    })
    checkPeer(socket, target, addresses)
    return { socket, server, lease: leaseOn(server), setCookie: undefined }
  }

  close(): void {
    this.#lookup.close?.()
  }

  /** The addresses of a target that may be dialled, at least one. */
  async #permitted(target: TcpTarget, signal: AbortSignal): Promise<LookupAddress[]> {
    const { port } = target
    const literal = target.host.includes('%') ? undefined : canonicalAddress(target.host)
    const name = literal === undefined ? nameIn(target.host) : undefined
    if (literal === undefined && name === undefined) throw denied(target)
    if (name !== undefined && !this.#policy.couldPermit(name, port)) throw denied(target)
    const found = literal === undefined ? await this.#resolve(target, signal) : [literal]
    const permitted = found.filter((address) => this.#policy.permits({ name, address, port }))
    if (permitted.length === 0) throw denied(target)
    return permitted.map((address) => ({ address, family: isIP(address) }))
  }

  async #resolve(target: TcpTarget, signal: AbortSignal): Promise<string[]> {
    const { host } = target
    const { connect: connectMs } = this.#config.timeouts
    const late = (): Error =>
      new GatewayError('upstream-timeout', `${host}: no address in ${connectMs} ms`)
    try {
      const addresses = await within(connectMs, signal, late, (own) =>
        this.#resolver.addresses(host, own),
      )
      return addresses.flatMap(({ address }) => canonicalAddress(address) ?? [])
    } catch (error) {
      // Which names there are is nothing that a client finds out by naming them.
      const isUnresolved = error instanceof GatewayError && error.token === 'upstream-unresolved'
      if (this.#config.lookup.kind !== 'direct' || !isUnresolved) throw error
      throw new GatewayError('target-denied', error.message, { cause: error })
    }
  }
}

type TcpTarget = Extract<Target, { kind: 'tcp' }>

function serverOf(target: Target, addresses: readonly LookupAddress[], secure: boolean): Server {
  const url = formatTarget(target)
  if (target.kind === 'unix') return { url, kind: 'unix', host: '', port: 0, path: target.path }
  const { port } = target
  // A literal as it was checked: a mapped one as IPv4.
  const host = isIP(target.host) === 0 ? target.host : (addresses[0]?.address ?? target.host)
  return { url, kind: secure ? 'tls' : 'tcp', host, port, path: '' }
}

/** A name, and no IPv4 address in another spelling, which resolvers would take. */
function nameIn(host: string): string | undefined {
  const name = parseHost(host.replace(/(.)\.$/, '$1'))
  return name === undefined || isIP(name) !== 0 ? undefined : name
}

/** Nothing in between was to choose another address; where something has, nobody gets to use it. */
function checkPeer(socket: Socket, target: Target, addresses: readonly LookupAddress[]): void {
  if (target.kind === 'unix') return
  const peer = canonicalAddress(socket.remoteAddress ?? '')
  // Without an address it is gone already, which whoever takes it over sees.
  if (peer === undefined || addresses.some(({ address }) => address === peer)) return
  socket.destroy()
  throw denied(target)
}

function denied(target: Target): GatewayError {
  return new GatewayError('target-denied', `${formatTarget(target)} is not allowed`)
}

/** A target is nobody's in particular: no place on it is counted. */
function leaseOn(server: string): DialedTcp['lease'] {
  return { server, release: () => undefined, onRemoved: () => undefined }
}
