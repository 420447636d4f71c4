import { isIPv4 } from 'node:net'
import { AddressSet } from '../config/address-set.ts'
import type { AdmissionConfig } from '../config/config.ts'
import { GatewayError } from '../errors.ts'
import type { Entry } from '../listener/listener.ts'
import { networkOf } from '../observe/network.ts'
import { unixAddress } from '../peer.ts'
import type { Peer } from '../peer.ts'
import { Ledger } from './ledger.ts'
import { ClientRate } from './rate.ts'

export interface AdmissionContext {
  /** Soft limit of open files, `Infinity` for none. */
  readonly fileLimit: number
  /**
   * The trusted proxies: each stands for many clients, so that its connections are not counted
   * against it.
   */
  readonly trusted: { has(address: string): boolean }
  /** Told once each when a default would have refused an address that is not public. */
  readonly warn: (message: string) => void
  /** Monotonic milliseconds. */
  readonly now?: () => number
}

const defaultConnections = 200
const defaultHandshakes = { count: 50, perMs: 1000 }
/** Refusals that are told so at once; a refused socket costs a file as well. */
const maxRefused = 100
/** Files of a process that serves nobody, with some to spare for those that are open for a moment. */
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
  readonly #now: () => number
  readonly #maxConnections: number
  readonly #maxPerClient: number
  /** Of all clients together: `accepted` and `refused`. */
  readonly #places = new Ledger()
  readonly #ofClients = new Ledger()
  readonly #handshakes: ClientRate
  /** Where the default holds, only public addresses are refused. */
  readonly #defaults: { readonly connections: boolean; readonly handshakes: boolean }
  readonly #warned = new Set<string>()

  constructor(config: AdmissionConfig, context: AdmissionContext) {
    this.#context = context
    this.#now = context.now ?? (() => performance.now())
    this.#maxConnections =
      config.connections === 'auto' ? connectionsFor(context.fileLimit) : config.connections
    this.#maxPerClient = config.connectionsPerClient ?? defaultConnections
    this.#handshakes = new ClientRate(config.handshakesPerClient ?? defaultHandshakes)
    this.#defaults = {
      connections: config.connectionsPerClient === undefined,
      handshakes: config.handshakesPerClient === undefined,
    }
  }

  /**
   * A place for an accepted socket. One that is refused (`gateway-full`, `client-limit`) is
   * answered so, and holds one of the places for that instead.
   */
  acquireConnection(peer: Peer): Entry {
    const own = this.#acquireOwn(peer.address)
    if (own === undefined) {
      return this.#refuse('client-limit', `${peer.address} holds ${this.#maxPerClient} connections`)
    }
    const place = this.#places.acquire('accepted', this.#maxConnections)
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
   * Counts one WebSocket handshake.
   * @param client its address after trusted proxies
   * @throws {GatewayError} `client-limit`
   */
  admitHandshake(client: string): void {
    if (client === unixAddress || this.#handshakes.take(keyOf(client), this.#now())) return
    if (this.#defaults.handshakes && internal.has(client)) {
      this.#warn(client, 'admission.handshakesPerClient')
      return
    }
    throw new GatewayError('client-limit', `${client} opens WebSockets too fast`)
  }

  /** @returns undefined where the peer holds as many as one client may */
  #acquireOwn(address: string): (() => void) | undefined {
    if (address === unixAddress || this.#context.trusted.has(address)) return () => undefined
    const key = keyOf(address)
    const place = this.#ofClients.acquire(key, this.#maxPerClient)
    if (place !== undefined || !this.#defaults.connections || !internal.has(address)) return place
    this.#warn(address, 'admission.connectionsPerClient')
    return this.#ofClients.acquire(key, Infinity)
  }

  #refuse(token: 'client-limit' | 'gateway-full', message: string): Entry {
    const refusal = new GatewayError(token, message)
    // Those that were let in need two files each, the second perhaps only now: saying no must not
    // take it from them.
    const spare = this.#context.fileLimit - ownFiles - 2 * this.#places.held('accepted')
    const release = this.#places.acquire('refused', Math.min(maxRefused, spare))
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

/** What an address is counted under: whoever has one IPv6 address has the whole /64. */
function keyOf(address: string): string {
  return isIPv4(address) ? address : networkOf(address)
}
