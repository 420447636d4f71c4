import { collectDefaultMetrics, Counter, Gauge, Registry } from 'prom-client'
import type { Histogram } from 'prom-client'
import { faults, type Token } from '../errors.ts'
import type { ClosedBy } from './connection-record.ts'
import { DurationHistogram } from './duration-histogram.ts'
import { LabelCounts } from './label-counts.ts'

export type SessionKind = 'websocket' | 'bridge'
/** As the client sees it: `received` is what came from it. */
export type Direction = 'received' | 'sent'

/** What is told of one upstream. */
export interface UpstreamFigures {
  readonly upstream: string
  readonly waiting: number
  readonly panic: boolean
  readonly servers: readonly {
    readonly server: string
    readonly mode: string
    readonly up: boolean
    readonly live: number
    readonly picks: number
    readonly connectFailures: number
    readonly checksPassed: number
    readonly checksFailed: number
    readonly ejections: number
  }[]
}

/**
 * The one door to prom-client. Label values come from the configuration and from closed lists,
 * never from a peer.
 */
export class Metrics {
  /** Called before every rendering: what is counted elsewhere is handed over here. */
  readonly collect: (() => void)[] = []
  readonly #registry = new Registry()
  readonly #connectionsOpen = this.#gauge('connections_open', 'Accepted sockets', ['listener'])
  readonly #sessionsOpen = this.#gauge('sessions_open', 'Upgraded connections', ['route', 'kind'])
  readonly #sessions = this.#counter('sessions_total', 'Upgraded connections since the start', [
    'route',
    'kind',
  ])
  readonly #closes = this.#counter('closes_total', 'Sessions ended, by close code and by whom', [
    'code',
    'side',
  ])
  readonly #overLimits = this.#counter(
    'limits_exceeded_total',
    'Sessions that passed a limit which is only told of',
    ['route', 'limit'],
  )
  readonly #refusals = this.#counter('refusals_total', 'Refused requests', ['error'])
  readonly #tlsFailures = this.#counter(
    'tls_failures_total',
    'TLS handshakes that failed, and TLS connections that broke',
    ['listener'],
  )
  readonly #requests = this.#counter('requests_total', 'Answered plain requests', [
    'route',
    'status',
  ])
  readonly #messages = this.#counter('messages_total', 'WebSocket data messages', [
    'route',
    'direction',
  ])
  readonly #bytes = this.#counter('bytes_total', 'Payload bytes of WebSocket data messages', [
    'route',
    'direction',
  ])
  readonly #handshake = this.#histogram(
    'handshake_seconds',
    'From the head of an upgrade to the 101',
    'route',
  )
  readonly #upstreamUp = this.#gauge(
    'upstream_up',
    'Whether a server gets new sessions and requests: ready, and neither marked down nor ejected',
    ['upstream', 'server'],
  )
  readonly #upstreamConnections = this.#gauge(
    'upstream_connections',
    'Sessions, requests and dials in progress on a server',
    ['upstream', 'server'],
  )
  readonly #upstreamPicks = this.#counter('upstream_picks_total', 'How often a server was chosen', [
    'upstream',
    'server',
  ])
  readonly #upstreamFailures = this.#counter(
    'upstream_connect_failures_total',
    'How often a server could not be connected to',
    ['upstream', 'server'],
  )
  readonly #upstreamChecks = this.#counter(
    'upstream_checks_total',
    'Health checks of a server, by result',
    ['upstream', 'server', 'result'],
  )
  readonly #upstreamEjections = this.#counter(
    'upstream_ejections_total',
    'How often a server was taken out since it could not be connected to',
    ['upstream', 'server'],
  )
  readonly #upstreamPanic = this.#gauge(
    'upstream_panic',
    'Whether so few servers are up that all are used',
    ['upstream'],
  )
  readonly #upstreamWaiting = this.#gauge('upstream_waiting', 'Those who wait for a place', [
    'upstream',
  ])
  readonly #dial = this.#histogram(
    'dial_seconds',
    'From the dial to a verified upstream',
    'upstream',
  )
  // What happens several times a session or a request, and is added up between two renderings.
  readonly #opened = new LabelCounts()
  readonly #closed = new LabelCounts()
  readonly #closedBy = new LabelCounts()
  readonly #answered = new LabelCounts()
  readonly #messagesOf = new LabelCounts()
  readonly #bytesOf = new LabelCounts()

  constructor() {
    // Series that exist from the start let a rate see the first refusal.
    for (const [token, fault] of Object.entries(faults)) {
      if ('status' in fault) this.#refusals.inc({ error: token }, 0)
    }
  }

  /** Makes the series of a route and a listener exist before anything has happened there. */
  expect(names: {
    readonly listeners: readonly string[]
    readonly routes: readonly { readonly name: string; readonly kind: SessionKind }[]
  }): void {
    for (const listener of names.listeners) this.#tlsFailures.inc({ listener }, 0)
    for (const { name: route, kind } of names.routes) {
      this.#sessionsOpen.inc({ route, kind }, 0)
      this.#sessions.inc({ route, kind }, 0)
      for (const direction of ['received', 'sent'] as const) this.traffic(route, direction, 0, 0)
    }
  }

  /**
   * Adds the process's own metrics (memory, CPU, event loop, descriptors), which cost a timer of
   * their own.
   */
  observeProcess(): void {
    collectDefaultMetrics({ register: this.#registry })
  }

  connectionsOpen(listener: string, count: number): void {
    this.#connectionsOpen.set({ listener }, count)
  }

  sessionOpened(route: string, kind: SessionKind): void {
    this.#opened.add(route, kind)
  }

  sessionClosed(route: string, kind: SessionKind, code: number, side: ClosedBy): void {
    this.#closed.add(route, kind)
    this.#closedBy.add(codeLabel(code), side)
  }

  /** @param limit its name in the configuration */
  overLimit(route: string, limit: string): void {
    this.#overLimits.inc({ route, limit })
  }

  refused(token: Token): void {
    this.#refusals.inc({ error: token })
  }

  tlsFailed(listener: string): void {
    this.#tlsFailures.inc({ listener })
  }

  request(route: string, status: number): void {
    this.#answered.add(route, statusLabels[Math.floor(status / 100)] ?? 'none')
  }

  traffic(route: string, direction: Direction, messages: number, bytes: number): void {
    this.#messagesOf.add(route, direction, messages)
    this.#bytesOf.add(route, direction, bytes)
  }

  handshakeSeconds(route: string, seconds: number): void {
    this.#handshake.observe(route, seconds)
  }

  dialSeconds(upstream: string, seconds: number): void {
    this.#dial.observe(upstream, seconds)
  }

  /** How the servers of all upstreams are: those that are named no more have no series any more. */
  upstreams(pools: readonly UpstreamFigures[]): void {
    const [up, connections] = [this.#upstreamUp, this.#upstreamConnections]
    const [picks, failures] = [this.#upstreamPicks, this.#upstreamFailures]
    const [checks, ejections] = [this.#upstreamChecks, this.#upstreamEjections]
    const ofServers = [up, connections, picks, failures, checks, ejections]
    for (const metric of [...ofServers, this.#upstreamWaiting, this.#upstreamPanic]) metric.reset()
    for (const { upstream, servers, waiting, panic } of pools) {
      this.#upstreamWaiting.set({ upstream }, waiting)
      this.#upstreamPanic.set({ upstream }, panic ? 1 : 0)
      for (const one of servers) {
        const labels = { upstream, server: one.server }
        up.set(labels, one.mode === 'ready' && one.up ? 1 : 0)
        connections.set(labels, one.live)
        picks.inc(labels, one.picks)
        failures.inc(labels, one.connectFailures)
        checks.inc({ ...labels, result: 'passed' }, one.checksPassed)
        checks.inc({ ...labels, result: 'failed' }, one.checksFailed)
        ejections.inc(labels, one.ejections)
      }
    }
  }

  /** The Content-Type of what `render` gives. */
  get contentType(): string {
    return this.#registry.contentType
  }

  async render(): Promise<string> {
    for (const collect of this.collect) collect()
    this.#handOver()
    return await this.#registry.metrics()
  }

  #handOver(): void {
    this.#opened.drain((route, kind, amount) => {
      this.#sessionsOpen.inc({ route, kind }, amount)
      this.#sessions.inc({ route, kind }, amount)
    })
    this.#closed.drain((route, kind, amount) => {
      this.#sessionsOpen.dec({ route, kind }, amount)
    })
    this.#closedBy.drain((code, side, amount) => {
      this.#closes.inc({ code, side }, amount)
    })
    this.#answered.drain((route, status, amount) => {
      this.#requests.inc({ route, status }, amount)
    })
    this.#messagesOf.drain((route, direction, amount) => {
      this.#messages.inc({ route, direction }, amount)
    })
    this.#bytesOf.drain((route, direction, amount) => {
      this.#bytes.inc({ route, direction }, amount)
    })
  }

  #counter<Label extends string>(name: string, help: string, labelNames: Label[]): Counter<Label> {
    return new Counter({
      name: `drawbridge_${name}`,
      help,
      labelNames,
      registers: [this.#registry],
    })
  }

  #gauge<Label extends string>(name: string, help: string, labelNames: Label[]): Gauge<Label> {
    return new Gauge({ name: `drawbridge_${name}`, help, labelNames, registers: [this.#registry] })
  }

  #histogram(name: string, help: string, label: string): DurationHistogram {
    const histogram = new DurationHistogram(`drawbridge_${name}`, help, label)
    // Its types ask for a class of its own; all it ever does with one is get().
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion
    this.#registry.registerMetric(histogram as unknown as Histogram)
    return histogram
  }
}

const statusLabels = ['none', '1xx', '2xx', '3xx', '4xx', '5xx']

/** Peers choose close codes freely, so the ones that no standard defines share a label. */
function codeLabel(code: number): string {
  if ((code >= 1000 && code <= 1015) || code === 3000 || code === 3003) return String(code)
  return code < 4000 ? '3xxx' : '4xxx'
}
