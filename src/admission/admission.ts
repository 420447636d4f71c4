import { AddressSet } from '../config/address-set.ts'
import type { AdmissionConfig } from '../config/settled/admission.ts'
import type { Rate } from '../config/rate.ts'
import { GatewayError } from '../errors.ts'
import type { Entry } from '../listener/listener.ts'
import { unixAddress } from '../peer.ts'
import type { Peer } from '../peer.ts'
import { clientKey } from './client-key.ts'
import type { Ledger, Release } from './ledger.ts'
import { SessionPlace } from './session-place.ts'
import type { SessionRequest } from './session-place.ts'

export interface AdmissionContext {
  readonly ledger: Ledger
  /** @throws {GatewayError} `gateway-full` where memory is used up */
  readonly memory: { check(): void }
  /** Soft limit of open files, `Infinity` for none. */
  readonly fileLimit: number
  /**
   * The trusted proxies: each stands for many clients, so that its connections are not counted
   * against it.
   */
  readonly trusted: { has(address: string): boolean }
  /** Told once each when a default would have refused an address that is not public. */
  readonly warn: (message: string) => void
}

const defaultConnections = 200
const defaultHandshakes = { count: 50, perMs: 1000 }
/** Refusals that are told so at once; a refused socket costs a file as well. */
const maxRefused = 100
/**
 * Files of a process that serves nobody, with some to spare for those that are open for a moment.
 */
const ownFiles = 32

/** Not routable on the internet: most likely a load balancer that stands for many clients. */
const internal = new AddressSet([
  '0.0.0.0/8',
  '10.0.0.0/8',
  '100.64.0.0/10',
  '127.0.0.0/8',
  '169.254.0.0/16',
  '172.16.0.0/12',
  '192.168.0.0/16',
  '::/127',
  'fc00::/7',
  'fe80::/10',
])

/** Who may come in at all, counted over the whole gateway. */
export class Admission {
  readonly #context: AdmissionContext
  readonly #ledger: Ledger
  readonly #maxConnections: number
  readonly #maxPerClient: number
  readonly #handshakes: Rate
  readonly #requests: Rate
  /** Where the default holds, only public addresses are refused. */
  readonly #defaults: { readonly connections: boolean; readonly handshakes: boolean }
  readonly #warned = new Set<string>()

  constructor(config: AdmissionConfig, context: AdmissionContext) {
    this.#context = context
    this.#ledger = context.ledger
    this.#maxConnections =
      config.connections === 'auto' ? connectionsFor(context.fileLimit) : config.connections
    this.#maxPerClient = config.connectionsPerClient ?? defaultConnections
    this.#handshakes = config.handshakesPerClient ?? defaultHandshakes
    this.#requests = config.requestsPerClient
    this.#defaults = {
      connections: config.connectionsPerClient === undefined,
      handshakes: config.handshakesPerClient === undefined,
    }
  }

  /**
   * A place for an accepted socket. One that is refused (`gateway-full`, `client-limit`) is
   * answered so, and holds one of the places for that instead.
   * @param isCounted whether it counts against its peer: one that will say whom it stands for does
   *   not
   */
  acquireConnection(peer: Peer, isCounted = true): Entry {
    const own = isCounted ? this.#acquireOwn(peer.address) : () => undefined
    if (own === undefined) {
      return this.#refuse('client-limit', `${peer.address} holds ${this.#maxPerClient} connections`)
    }
    const place = this.#ledger.acquire('connections', 'accepted', this.#maxConnections)
    if (place === undefined) {
      own()
      return this.#refuse('gateway-full', `${this.#maxConnections} connections are open`)
    }
    const release = (): void => {
      own()
      place()
    }
    return { release, refusal: undefined, reset: false }
  }

  /**
   * Counts one plain request, those to the gateway's own endpoints too.
   * @param client its address after trusted proxies
   * @throws {GatewayError} `client-limit`
   */
  admitRequest(client: string): void {
    const wait = this.#take('requestsPerClient', client, this.#requests)
    if (wait > 0) throw tooFast(`${client} sends requests too fast`, wait)
  }

  /**
   * Counts one WebSocket handshake.
   * @param client its address after trusted proxies
   * @throws {GatewayError} `client-limit`, `gateway-full`
   */
  admitHandshake(client: string): void {
    this.#context.memory.check()
    const wait = this.#take('handshakesPerClient', client, this.#handshakes)
    if (wait === 0) return
    if (this.#defaults.handshakes && internal.has(client)) {
      this.#warn(client, 'admission.handshakesPerClient')
      return
    }
    throw tooFast(`${client} opens WebSockets too fast`, wait)
  }

  /**
   * The places of what may become a session. They are acquired step by step, as more is known of
   * it, and held until its `release()`: in a `finally` of whoever called this.
   */
  sessionPlace(request: SessionRequest): SessionPlace {
    return new SessionPlace(this.#ledger, request)
  }

  #take(account: string, client: string, rate: Rate): number {
    // Nothing tells the clients of a unix socket apart. What is not limited needs no key.
    if (client === unixAddress || rate.count === Infinity) return 0
    return this.#ledger.take(account, clientKey(client), rate, secondsWorth(rate))
  }

  /** @returns undefined where the peer holds as many as one client may */
  #acquireOwn(address: string): Release | undefined {
    if (address === unixAddress || this.#context.trusted.has(address)) return () => undefined
    const key = clientKey(address)
    const place = this.#ledger.acquire('connectionsPerClient', key, this.#maxPerClient)
    if (place !== undefined || !this.#defaults.connections || !internal.has(address)) return place
    this.#warn(address, 'admission.connectionsPerClient')
    return this.#ledger.acquire('connectionsPerClient', key, Infinity)
  }

  #refuse(token: 'client-limit' | 'gateway-full', message: string): Entry {
    const refusal = new GatewayError(token, message)
    // Those that were let in need two files each, the second perhaps only now: saying no must not
    // take it from them.
    const accepted = this.#ledger.held('connections', 'accepted')
    const spare = this.#context.fileLimit - ownFiles - 2 * accepted
    const release = this.#ledger.acquire('connections', 'refused', Math.min(maxRefused, spare))
    return { release: release ?? (() => undefined), refusal, reset: release === undefined }
  }

  #warn(address: string, key: string): void {
    if (this.#warned.has(key)) return
    this.#warned.add(key)
    this.#context.warn(
      `${address} is over the default of ${key}, which holds public addresses only: list it in ` +
        `trustedProxies where it is a proxy, or write a value for ${key} to count everybody`,
    )
  }
}

/** A session needs two files, and some are ours. */
function connectionsFor(fileLimit: number): number {
  return Math.max(1, Math.floor((fileLimit - 64) / 2))
}

function secondsWorth(rate: Rate): number {
  return Math.max(1, (rate.count * 1000) / rate.perMs)
}

function tooFast(message: string, waitMs: number): GatewayError {
  const seconds = Math.ceil(waitMs / 1000)
  return new GatewayError('client-limit', message, { headers: ['Retry-After', String(seconds)] })
}
