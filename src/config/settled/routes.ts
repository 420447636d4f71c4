import type { AddressRulesConfig } from './admission.ts'
import type { IdentityConfig } from './authenticators.ts'
import type { RouteLimits } from './limits.ts'
import type { TargetsConfig } from './targets.ts'
import type { RouteTimeouts } from './timeouts.ts'

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
  readonly limits: RouteLimits
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
