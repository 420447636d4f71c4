import type { BindAddress } from './bind-address.ts'
import type { Rate } from './rate.ts'
import type { Server } from './server-url.ts'

/**
 * The configuration as the stages consume it: defaults filled in, a route's own settings merged with the global ones,
 * paths absolute, frozen. Durations are milliseconds, sizes bytes; `none` is `Infinity`, so that comparisons need no special case.
 */
export interface Config {
  readonly listeners: Readonly<Record<string, ListenerConfig>>
  /** Addresses, CIDRs, or `unix` for peers on unix sockets. */
  readonly trustedProxies: readonly string[]
  readonly admission: AdmissionConfig
  readonly identity: IdentityConfig
  readonly upstreams: Readonly<Record<string, UpstreamConfig>>
  /** In the order of the file: the first that matches wins. */
  readonly routes: readonly RouteConfig[]
  readonly monitor?: { readonly bind: BindAddress }
  readonly log: LogConfig
  readonly timeouts: Timeouts
  readonly limits: Limits
}

export interface ListenerConfig {
  readonly bind: BindAddress
  readonly tls?: ListenerTls
  readonly clients: AddressRulesConfig
}

export interface ListenerTls {
  /** Absolute paths of PEM files; the first pair serves clients whose SNI fits none. */
  readonly certificates: readonly CertificateFiles[]
  readonly minVersion: 'TLSv1.2' | 'TLSv1.3'
}

export interface CertificateFiles {
  readonly cert: string
  readonly key: string
}

/** Addresses and CIDRs. Deny beats allow; without `allow` everybody who is not denied may come in. */
export interface AddressRulesConfig {
  readonly allow?: readonly string[]
  readonly deny?: readonly string[]
}

export interface AdmissionConfig {
  readonly connections: 'auto' | number
  /** Undefined is the default of 200, which counts public addresses only; a written value counts everybody. */
  readonly connectionsPerClient?: number
  /** Undefined is the default of 50/s, which counts public addresses only; a written value counts everybody. */
  readonly handshakesPerClient?: Rate
}

export interface IdentityConfig {
  /** Lower-case header name -> where its value comes from (`subject`, `claims.NAME`). */
  readonly headers: Readonly<Record<string, string>>
}

export interface UpstreamConfig {
  readonly servers: readonly Server[]
  readonly tls: UpstreamTls
  readonly preserveHost: boolean
  readonly timeouts: UpstreamTimeouts
}

export interface UpstreamTls {
  /** Absolute path of a PEM file that replaces the system's authorities. */
  readonly ca?: string
  readonly servername?: string
  readonly verify: boolean
}

export interface UpstreamTimeouts {
  readonly connect: number
  readonly handshake: number
  readonly response: number
}

export interface RouteConfig {
  readonly name: string
  readonly match: RouteMatch
  /** Undefined is the same origin as Host; `['*']` is any. */
  readonly origins?: readonly string[]
  readonly requireOrigin: boolean
  readonly clients: AddressRulesConfig
  /** Merged with the global ones; no message limit on a bridge unless its route sets one. */
  readonly limits: Limits
  readonly timeouts: RouteTimeouts
  readonly compression: 'pass' | 'off'
  readonly action: RouteAction
}

export interface RouteMatch {
  /** Lower case; exact or `*.example.com`. Empty is any. */
  readonly hosts: readonly string[]
  /** Exact, or `/prefix/*`. Empty is any. */
  readonly paths: readonly string[]
  /** True takes upgrades only, false plain requests only. */
  readonly websocket?: boolean
}

export type RouteAction =
  | { readonly kind: 'proxy'; readonly upstream: string }
  | {
      readonly kind: 'bridge'
      readonly upstream: string
      readonly subprotocols: readonly string[]
      readonly messages: 'binary' | 'text'
    }
  | { readonly kind: 'static'; readonly directory: string }
  | { readonly kind: 'respond'; readonly status: number; readonly body: string | undefined }
  | { readonly kind: 'redirect'; readonly port: number | undefined }

export interface LogConfig {
  readonly level: 'trace' | 'debug' | 'info' | 'warn' | 'error' | 'fatal' | 'silent'
  readonly format: 'auto' | 'pretty' | 'json'
}

/** The clocks that a route may set for itself. */
export interface RouteTimeouts {
  readonly idle: number
  readonly ping: number
  readonly pong: number
  readonly stall: number
  readonly lifetime: number
  readonly closing: number
}

export interface Timeouts extends RouteTimeouts {
  readonly handshake: number
  readonly keepAlive: number
}

export interface Limits {
  /** Largest message in wire bytes, per direction. */
  readonly message: { readonly fromClient: number; readonly fromUpstream: number }
  readonly controlFrameRate: RateLimit
  /** Bytes held per direction before the sender is paused. */
  readonly buffer: number
  /** Largest body of a plain request. */
  readonly body: number
}

export interface RateLimit {
  readonly rate: Rate
  readonly burst: number
  readonly over: 'throttle' | 'close' | 'log'
}
