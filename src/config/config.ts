import type { BindAddress } from './bind-address.ts'
import type { AdmissionConfig } from './settled/admission.ts'
import type { AuthenticatorConfig, IdentityConfig } from './settled/authenticators.ts'
import type { Limits } from './settled/limits.ts'
import type { ListenerConfig } from './settled/listeners.ts'
import type { RouteConfig } from './settled/routes.ts'
import type { Timeouts } from './settled/timeouts.ts'
import type { UpstreamConfig } from './settled/upstreams.ts'

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

export interface LogConfig {
  readonly level: 'trace' | 'debug' | 'info' | 'warn' | 'error' | 'fatal' | 'silent'
  readonly format: 'auto' | 'pretty' | 'json'
}

export interface SessionsConfig {
  /** How often a forward authenticator is asked again; Infinity for never. */
  readonly recheck: number
  /** How long a session may outlive its credential. */
  readonly grace: number
}
