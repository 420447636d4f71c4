import type { Sample } from '../measure/sample.ts'

/** Messages that come back, with so many of each connection under way at any time. */
export interface EchoTraffic {
  readonly kind: 'echo'
  readonly connections: number
  readonly payloadBytes: number
  readonly window: number
}

/** One connection after another is opened and closed, by so many clients at once. */
export interface HandshakeTraffic {
  readonly kind: 'handshake'
  readonly connections: number
}

/** Requests on connections that are kept, one at a time on each. */
export interface GetTraffic {
  readonly kind: 'get'
  readonly connections: number
}

/** Connections that are opened and then silent. */
export interface IdleTraffic {
  readonly kind: 'idle'
  /** On a process that has had next to none. */
  readonly connections: number
  /** On the same process, beside those. */
  readonly further: number
}

/** Echoes beside connections that are idle. */
export interface ScaleTraffic {
  readonly kind: 'scale'
  readonly connections: number
  readonly settleMs: number
  readonly active: EchoTraffic
}

export type Traffic = EchoTraffic | HandshakeTraffic | GetTraffic | IdleTraffic | ScaleTraffic

/** Where the proxy is reached. */
export interface Target {
  readonly port: number
  readonly tls: boolean
  /** `/bridge` leads to the TCP backend where one proxy has both. */
  readonly path: string
}

/** What the parent tells the load generator, as one message. */
export interface Plan {
  readonly target: Target
  readonly traffic: Traffic
  readonly warmMs: number
  readonly measureMs: number
  readonly proxyPid: number
  readonly backendPid: number
  /** Where the proxy tells its event loop's lag, if it is ours. */
  readonly monitorPort: number | undefined
}

/** What it hears back, as one message. */
export type Outcome = { readonly sample: Sample } | { readonly error: string }
