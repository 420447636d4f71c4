import type { Balance } from './balance.ts'
import type { ProxyVersion } from '../proxy-protocol/client-header.ts'
import type { BindAddress } from './bind-address.ts'
import type { Place } from './place.ts'
import type { Rate } from './rate.ts'
import type { Secret } from './secret.ts'
import type { Server } from './server-url.ts'
import type { StatusRange } from './status-range.ts'
import type { TargetPlace } from './target-place.ts'
import type { TargetRule } from './target-rule.ts'

/**
 * The configuration as the stages consume it: defaults filled in, a route's own settings merged
 * with the global ones, paths absolute, frozen. Durations are milliseconds, sizes bytes; `none` is
 * `Infinity`, so that comparisons need no special case.
 */
export interface Config {
  readonly listeners: Readonly<Record<string, ListenerConfig>>
  /** Addresses, CIDRs, or `unix` for peers on unix sockets. */
  readonly trustedProxies: readonly string[]
  readonly admission: AdmissionConfig
  readonly identity: IdentityConfig
  /**
   * Lower-case names of headers that only the gateway may set, on any route: who the client is,
   * what a forward copies.
   */
  readonly ownedHeaders: readonly string[]
  readonly authenticators: Readonly<Record<string, AuthenticatorConfig>>
  readonly upstreams: Readonly<Record<string, UpstreamConfig>>
  /** In the order of the file: the first that matches wins. */
  readonly routes: readonly RouteConfig[]
  readonly monitor?: { readonly bind: BindAddress }
  readonly log: LogConfig
  readonly timeouts: Timeouts
  readonly limits: Limits
  readonly sessions: SessionsConfig
}

export interface ListenerConfig {
  readonly bind: BindAddress
  readonly tls?: ListenerTls
  readonly clients: AddressRulesConfig
  /** Proxies whose connections begin with a PROXY header: addresses, CIDRs, `unix`. */
  readonly proxyProtocolFrom: readonly string[]
}

export interface ListenerTls {
  /** Absolute paths of PEM files; the first pair serves clients whose SNI fits none. */
  readonly certificates: readonly CertificateFiles[]
  readonly minVersion: 'TLSv1.2' | 'TLSv1.3'
  /** Clear text is served at the same address. */
  readonly optional: boolean
  readonly clientCertificate?: ClientCertificateConfig
}

export interface ClientCertificateConfig {
  /** Absolute path of a PEM file: whose certificates count. */
  readonly ca: string
  /** Whether a client without one is turned away in the TLS handshake. */
  readonly required: boolean
}

export interface CertificateFiles {
  readonly cert: string
  readonly key: string
}

/**
 * Addresses and CIDRs. Deny beats allow; without `allow` everybody who is not denied may come in.
 */
export interface AddressRulesConfig {
  readonly allow?: readonly string[]
  readonly deny?: readonly string[]
}

export interface AdmissionConfig {
  readonly connections: 'auto' | number
  /**
   * Undefined is the default of 200, which counts public addresses only; a written value counts
   * everybody.
   */
  readonly connectionsPerClient?: number
  /**
   * Undefined is the default of 50/s, which counts public addresses only; a written value counts
   * everybody.
   */
  readonly handshakesPerClient?: Rate
  /** Plain requests. */
  readonly requestsPerClient: Rate
  /**
   * Resident bytes beyond which no upgrade is accepted; `auto` is 85 % of the container's or
   * machine's memory.
   */
  readonly memory: 'auto' | number
}

export interface IdentityConfig {
  /** Lower-case header name -> where its value comes from (`subject`, `name`, `claims.NAME`). */
  readonly headers: Readonly<Record<string, string>>
}

export type AuthenticatorConfig =
  | JwtConfig
  | BasicConfig
  | ApiKeyConfig
  | ForwardConfig
  | CertificateConfig
  | TicketConfig

/** Exactly one of `secret`, `publicKey` and `jwks`. */
export interface JwtConfig {
  readonly kind: 'jwt'
  readonly from: readonly Place[]
  readonly passCredential: boolean
  /** At least 32 bytes; for the HS algorithms only. */
  readonly secret?: Secret
  /** A PEM text, or the absolute path of one. */
  readonly publicKey?: string
  /** A URL, or the absolute path of a file. */
  readonly jwks?: string
  readonly issuer?: string
  /** Any of these. */
  readonly audience?: readonly string[]
  /** Those that may be used; they fit the source of the keys. Undefined: as the key's type says. */
  readonly algorithms?: readonly string[]
  readonly clockTolerance: number
  /** Claim -> the values of which it must have one, as texts. */
  readonly require: Readonly<Record<string, readonly string[]>>
  /** All of these. */
  readonly scopes: readonly string[]
  readonly backchannelLogout: boolean
}

export interface BasicConfig {
  readonly kind: 'basic'
  readonly from: readonly Place[]
  readonly passCredential: boolean
  /** Absolute path. */
  readonly htpasswd: string
  readonly realm: string
  /** Failed checks, per login name and client address. */
  readonly attempts: Rate
}

export interface ApiKeyConfig {
  readonly kind: 'apiKey'
  /** Every place, those of `header` and `query` included. */
  readonly from: readonly Place[]
  readonly passCredential: boolean
  /** Absolute path. */
  readonly keys: string
  /** In lower case. */
  readonly header?: string
  readonly query?: string
}

export interface ForwardConfig {
  readonly kind: 'forward'
  readonly url: string
  /** The request headers that the server is sent, in lower case. */
  readonly send: readonly string[]
  /** Cookies were asked for by name; a default that sends them along does not make them the login. */
  readonly takesCookies: boolean
  /** The headers of its answer that go upstream, in lower case. */
  readonly copy: readonly string[]
  readonly timeout: number
  /** How long an answer is good for the same credentials; 0 for not at all. */
  readonly cache: number
}

/** A certificate passes by any pattern of either list; `*` in them stands for any text. */
export interface CertificateConfig {
  readonly kind: 'certificate'
  readonly subjects: readonly string[]
  readonly sans: readonly string[]
}

export interface TicketConfig {
  readonly kind: 'ticket'
  /** Where tickets are given out: canonical, without a trailing slash. */
  readonly path: string
  readonly lifetime: number
  /** Whether a ticket is good for the address only that asked for it. */
  readonly bindAddress: boolean
  /** The query parameter that carries it. */
  readonly query: string
}

export interface SessionsConfig {
  /** How often a forward authenticator is asked again; Infinity for never. */
  readonly recheck: number
  /** How long a session may outlive its credential. */
  readonly grace: number
}

export interface UpstreamConfig {
  readonly servers: readonly ServerConfig[]
  readonly balance: Balance
  /** Undefined where nothing binds a browser to a server. */
  readonly sticky?: StickyConfig
  /** Further servers that are tried where one cannot be connected to. */
  readonly retries: number
  /** Undefined where nobody may wait for a place. */
  readonly queue?: QueueConfig
  readonly onDown: 'keep' | 'close'
  /** Undefined where servers are not checked. */
  readonly health?: HealthConfig
  /** Undefined where connects that fail take no server out. */
  readonly ejection?: EjectionConfig
  /** How long a server that has come back takes to get its whole share; undefined for no time. */
  readonly slowStart?: number
  readonly tls: UpstreamTls
  /** Which PROXY header connections begin with; undefined for none. */
  readonly sendProxyProtocol?: ProxyVersion
  readonly preserveHost: boolean
  readonly timeouts: UpstreamTimeouts
}

export interface ServerConfig {
  readonly server: Server
  readonly weight: number
  /** Sessions and requests at once. */
  readonly maxConnections: number
}

export interface StickyConfig {
  readonly cookie: string
  /** Mixed into the cookie's value. */
  readonly secret?: Secret
  readonly sameSite: 'lax' | 'strict' | 'none'
}

export interface QueueConfig {
  /** How many may wait at once. */
  readonly max: number
  /** How long one waits. */
  readonly timeout: number
}

export interface HealthConfig {
  readonly check: HealthCheck
  readonly interval: number
  readonly timeout: number
  readonly unhealthyAfter: number
  readonly healthyAfter: number
}

export type HealthCheck = HttpCheck | WebSocketCheck | { readonly kind: 'tcp' }

export interface HttpCheck {
  readonly kind: 'http'
  /** Origin-form. */
  readonly path: string
  /** Undefined is the server's own. */
  readonly host?: string
  /** Any of these is well. */
  readonly statuses: readonly StatusRange[]
  /** What the start of the body has to contain. */
  readonly body?: string
}

export interface WebSocketCheck {
  readonly kind: 'websocket'
  /** Origin-form. */
  readonly path: string
  readonly host?: string
}

export interface EjectionConfig {
  /** Connects in a row that fail. */
  readonly after: number
  /** The first time, and the longest. */
  readonly time: number
  readonly max: number
}

export interface UpstreamTls {
  /** Absolute path of a PEM file that replaces the system's authorities. */
  readonly ca?: string
  readonly servername?: string
  readonly verify: boolean
  /** What the gateway shows a server that asks who it is. */
  readonly certificate?: CertificateFiles
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
  /** What an upgrade that is refused gets: the status, or a 101 and a Close that a page can see. */
  readonly refuse: 'status' | 'visible'
  /** Names of authenticators, any of which may let a client pass; empty for no authentication. */
  readonly auth: readonly string[]
  /** The global one, a route's own headers added or in place of it. */
  readonly identity: IdentityConfig
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
      /** The name of one, or how each session finds its own. */
      readonly upstream: string | TargetsConfig
      readonly subprotocols: readonly string[]
      readonly messages: 'binary' | 'text'
      /** How the service has to begin; undefined where nothing is known of it. */
      readonly greeting?: string
    }
  | { readonly kind: 'static'; readonly directory: string }
  | { readonly kind: 'respond'; readonly status: number; readonly body: string | undefined }
  | { readonly kind: 'redirect'; readonly port: number | undefined }

/** Where the sessions of a bridge go that say so themselves. */
export interface TargetsConfig {
  readonly from: TargetPlace
  readonly lookup: TargetLookupConfig
  /** Undefined: any target but special addresses and unix sockets. */
  readonly allow?: readonly TargetRule[]
  readonly deny: readonly TargetRule[]
  /** Undefined: raw TCP. */
  readonly tls?: UpstreamTls
  /** Which PROXY header connections begin with; undefined for none. */
  readonly sendProxyProtocol?: ProxyVersion
  readonly timeouts: { readonly connect: number }
}

export type TargetLookupConfig =
  /** The absolute path of a file or a folder. */
  | { readonly kind: 'file'; readonly path: string }
  | RedisLookupConfig
  /** `url` has `{token}` in it. */
  | { readonly kind: 'http'; readonly url: string; readonly timeout: number }
  | { readonly kind: 'claims' }
  | { readonly kind: 'direct' }

export interface RedisLookupConfig {
  readonly kind: 'redis'
  /** Without brackets. */
  readonly host: string
  readonly port: number
  readonly db: number
  readonly username?: string
  readonly password?: Secret
  readonly tls: boolean
  /** Empty for none. */
  readonly namespace: string
  readonly timeout: number
}

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
  readonly message: PerDirection<number>
  /** What happens to a larger one. */
  readonly messageOver: PerDirection<'close' | 'log'>
  readonly messageRate: PerDirection<RateLimit>
  /** In payload bytes; a burst is bytes too. */
  readonly byteRate: PerDirection<RateLimit>
  readonly controlFrameRate: RateLimit
  /** Of one route at once. */
  readonly sessions: number
  readonly sessionsPerClient: number
  readonly sessionsPerIdentity: number
  /** Bytes held per direction before the sender is paused. */
  readonly buffer: number
  /** Largest body of a plain request. */
  readonly body: number
}

export interface PerDirection<T> {
  readonly fromClient: T
  readonly fromUpstream: T
}

export interface RateLimit {
  readonly rate: Rate
  readonly burst: number
  readonly over: 'throttle' | 'close' | 'log'
}
