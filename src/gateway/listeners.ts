import { AddressSet } from '../config/address-set.ts'
import type { Config } from '../config/config.ts'
import type { ListenerConfig } from '../config/settled/listeners.ts'
import type { ListenerTls } from '../config/settled/tls.ts'
import type { GatewayError } from '../errors.ts'
import type { BoundAddress } from '../listener/bind.ts'
import { readClientAuthority } from '../listener/client-certificate.ts'
import { Listener } from '../listener/listener.ts'
import { TlsContexts, readPair } from '../listener/tls-context.ts'
import { logListening } from '../observe/connection-record.ts'
import { RequestRecord } from '../observe/request-record.ts'
import type { Peer } from '../peer.ts'
import { serve, serveNothing } from '../pipeline.ts'
import type { Stages } from '../pipeline/stages.ts'
import type { GatewayParts } from './parts.ts'
import type { Serving } from './serving.ts'

/** The listeners of a configuration: what comes in at any of them enters the pipeline. */
export class Listeners {
  /** Where each listens, once started. */
  readonly addresses = new Map<string, BoundAddress>()
  readonly #config: Config
  readonly #parts: GatewayParts
  readonly #stages: Stages
  readonly #serving: Serving
  readonly #started: Listener[] = []
  #lastReload: Promise<void> = Promise.resolve()
  /** The one that has not begun; all who come meanwhile share it. */
  #nextReload: Promise<void> | undefined

  constructor(config: Config, parts: GatewayParts, stages: Stages, serving: Serving) {
    this.#config = config
    this.#parts = parts
    this.#stages = stages
    this.#serving = serving
  }

  /** @throws {Error} one line that says what is in the way; those before it listen then */
  async start(): Promise<void> {
    for (const [name, config] of Object.entries(this.#config.listeners)) {
      const contexts = config.tls && (await this.#loadTls(name, config.tls))
      const listener = this.#build(name, config, contexts)
      this.#started.push(listener)
      this.addresses.set(name, await listener.start())
    }
    for (const [name, address] of this.addresses) logListening(this.#parts.logger, name, address)
  }

  /**
   * Reads every listener's certificates again, and the authorities of client certificates. Where
   * one is broken the old ones stay in use, all of them, and that is told. Never rejects.
   *
   * One after another, so that what was read first can never replace what was read last. One that
   * has begun may have missed a change: who asks meanwhile gets the next one, which all share.
   */
  reloadCertificates(): Promise<void> {
    this.#nextReload ??= this.#lastReload.then(() => {
      this.#nextReload = undefined
      return this.#readAgain()
    })
    this.#lastReload = this.#nextReload
    return this.#nextReload
  }

  /** Tells the metrics how many connections each has open. */
  report(): void {
    for (const { name, open } of this.#started) this.#parts.metrics.connectionsOpen(name, open)
  }

  /** Accepts nothing more. Resolves when every connection has ended. */
  async drain(): Promise<void> {
    await Promise.all(this.#started.map((listener) => listener.drain()))
  }

  /** Refuses what has no answer yet. */
  abort(reason: GatewayError): void {
    for (const listener of this.#started) listener.abort(reason)
  }

  destroy(): void {
    for (const listener of this.#started) listener.destroy()
  }

  async #readAgain(): Promise<void> {
    const { logger } = this.#parts
    for (const listener of this.#started) {
      const tls = this.#config.listeners[listener.name]?.tls
      if (tls === undefined || namesNoFile(tls)) continue
      try {
        const contexts = await this.#loadTls(listener.name, tls)
        if (contexts.outdated) throw new Error(contexts.warnings.join('; '))
        listener.replaceTls(contexts)
        logger.info({ listener: listener.name }, 'certificates reloaded')
      } catch (error) {
        logger.error(
          { listener: listener.name, detail: messageOf(error) },
          'certificates not reloaded, the old ones stay',
        )
      }
    }
  }

  #build(name: string, config: ListenerConfig, contexts: TlsContexts | undefined): Listener {
    const { bind, tls, proxyProtocolFrom } = config
    const { timeouts, limits } = this.#config
    const { logger, metrics } = this.#parts
    const stages = this.#stages
    return new Listener(
      {
        name,
        bind,
        timeouts,
        earlyBytes: limits.buffer,
        clearTextToo: tls?.optional === true,
        announcers: new AddressSet(proxyProtocolFrom),
        admit: (peer, isCounted) => {
          const entry = stages.admission.acquireConnection(peer, isCounted)
          if (entry.reset && entry.refusal !== undefined)
            this.#refusedUnheard(name, peer, entry.refusal)
          return entry
        },
        serve: (exchange) => this.#serving.begin(serve(exchange, stages)),
        failed: (connection, error) => serveNothing(connection, error, stages),
        stalled: (listener, peer, error) => this.#refusedUnheard(listener, peer, error),
        acceptFailed: (error) =>
          logger.warn({ listener: name, detail: messageOf(error) }, 'accept failed'),
        tlsFailed: (error) => {
          metrics.tlsFailed(name)
          logger.debug({ listener: name, detail: messageOf(error) }, 'tls failed')
        },
      },
      contexts,
    )
  }

  /** A connection that was cut before a request could be answered. */
  #refusedUnheard(listener: string, peer: Peer, error: GatewayError): void {
    const facts = { id: this.#stages.nextId(), listener, peer: peer.address }
    new RequestRecord(this.#stages.sinks, facts).refused(undefined, error)
  }

  async #loadTls(listener: string, tls: ListenerTls): Promise<TlsContexts> {
    const { logger, certificates } = this.#parts
    const pairs =
      tls.certificates.length > 0
        ? await Promise.all(tls.certificates.map(readPair))
        : (certificates ?? [])
    const clients = tls.clientCertificate && (await readClientAuthority(tls.clientCertificate))
    const contexts = new TlsContexts(pairs, tls.minVersion, clients)
    for (const detail of contexts.warnings) logger.warn({ listener, detail }, 'certificate')
    return contexts
  }
}

function namesNoFile({ certificates, clientCertificate }: ListenerTls): boolean {
  return certificates.length === 0 && clientCertificate === undefined
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
