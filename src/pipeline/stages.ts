import type { AddressRules } from '../admission/addresses.ts'
import type { Admission } from '../admission/admission.ts'
import type { LogoutTokens } from '../auth/backchannel.ts'
import type { AuthChain } from '../auth/chain.ts'
import type { Logins } from '../auth/logins.ts'
import type { Rechecks } from '../auth/rechecks.ts'
import type { TicketAuthenticator } from '../auth/ticket.ts'
import type { RouteLimits } from '../config/settled/limits.ts'
import type { RouteTimeouts } from '../config/settled/timeouts.ts'
import type { TargetPlace } from '../config/target-place.ts'
import type { OriginRules } from '../handshake/origin.ts'
import type { VisibleRefusals } from '../handshake/visible-refusal.ts'
import type { EdgeRequest } from '../listener/edge-request.ts'
import type { Exchange } from '../listener/exchange.ts'
import type { TrustedProxies } from '../listener/forwarded.ts'
import type { RecordSinks, RequestRecord } from '../observe/request-record.ts'
import type { SessionRecord } from '../observe/session-record.ts'
import type { Ports } from '../relay/port/choose-ports.ts'
import type { Session } from '../relay/session.ts'
import type { Sweep } from '../relay/sweep.ts'
import type { Roster } from '../roster.ts'
import type { RouteTable } from '../route/route-table.ts'
import type { TargetDialer } from '../upstream/targets/target-dialer.ts'
import type { UpstreamPool } from '../upstream/pool.ts'
import type { ShownHeads } from './shown-heads.ts'

/** One route of the configuration, with the stages it stands for. */
export interface Route {
  readonly name: string
  readonly match: {
    readonly hosts: readonly string[]
    readonly paths: readonly string[]
    readonly websocket?: boolean
    /** Only requests over https (true), or in clear text (false). */
    readonly secure?: boolean
  }
  readonly clients: AddressRules
  readonly origins: OriginRules
  /** Undefined where anybody may come in. */
  readonly auth: RouteAuth | undefined
  /** `visible`: a page is told by a close code why its WebSocket was refused. */
  readonly refuse: 'status' | 'visible'
  readonly limits: RouteLimits
  readonly timeouts: RouteTimeouts
  readonly compression: 'pass' | 'off'
  readonly action: Action
}

/** How the clients of a route prove who they are, and what becomes of it. */
export interface RouteAuth {
  readonly chain: AuthChain
  readonly tickets: readonly TicketAuthenticator[]
  /** The others, which decide who gets a ticket. */
  readonly ticketChain: AuthChain
  /** Canonical names that only the route's authenticators may set. */
  readonly owned: ReadonlySet<string>
  /** Header name -> what of the identity it carries upstream. */
  readonly identityHeaders: Readonly<Record<string, string>>
}

/** A route that leads to an upstream. */
interface Tunnel {
  readonly upstream: UpstreamPool
  /** The upstream's name in the configuration. */
  readonly upstreamName: string
}
export interface ProxyAction extends Tunnel {
  readonly kind: 'proxy'
}
interface Bridge {
  readonly kind: 'bridge'
  readonly subprotocols: readonly string[]
  readonly messages: 'binary' | 'text'
  /** How the service has to begin. */
  readonly greeting?: string
}
export interface PoolBridgeAction extends Bridge, Tunnel {
  readonly from?: undefined
}
/** A bridge whose sessions say themselves where they go. */
export interface TargetBridgeAction extends Bridge {
  readonly upstream: TargetDialer
  /** In place of an upstream's, in metrics. */
  readonly upstreamName: string
  /** Where in a request that stands. */
  readonly from: TargetPlace
}
export type BridgeAction = PoolBridgeAction | TargetBridgeAction
export type TunnelAction = ProxyAction | BridgeAction
export type Action =
  | TunnelAction
  | { readonly kind: 'static'; readonly directory: string }
  | { readonly kind: 'respond'; readonly status: number; readonly body: string | undefined }
  | { readonly kind: 'redirect'; readonly port: number | undefined }

export function isTunnel(action: Action): action is TunnelAction {
  return action.kind === 'proxy' || action.kind === 'bridge'
}

/** Serves a path of the gateway's own. @throws {GatewayError} for the caller to answer */
export type Endpoint = (
  exchange: Exchange,
  request: EdgeRequest,
  record: RequestRecord,
  stages: Stages,
) => Promise<void>

/** A session that lives, and what is told of it. */
export interface LiveSession {
  readonly session: Session
  readonly record: SessionRecord
}

/** What a connection passes. Constructed by the gateway, and immutable. */
export interface Stages {
  readonly trust: TrustedProxies
  readonly routes: RouteTable<Route>
  /** The gateway's own paths, which no route gets to see. */
  readonly endpoints: ReadonlyMap<string, Endpoint>
  /** The address rules of each listener. */
  readonly listeners: ReadonlyMap<string, AddressRules>
  readonly admission: Admission
  /** What of requests may be logged. */
  readonly shownHeads: ShownHeads
  /** Canonical names that no client may send. */
  readonly identityHeaders: ReadonlySet<string>
  readonly logins: Logins
  readonly rechecks: Rechecks
  /** Those whose issuers tell of logouts. */
  readonly logouts: readonly LogoutTokens[]
  /** Milliseconds that a session may outlive its credential. */
  readonly graceMs: number
  readonly visibleRefusals: VisibleRefusals
  /** Every session that lives, with its record. */
  readonly sessions: Roster<LiveSession>
  readonly sweep: Sweep
  readonly ports: () => Ports
  readonly sinks: RecordSinks
  readonly nextId: () => string
  /** Waits for a session's end in a drain, though its request is over. */
  readonly follow: (ended: Promise<void>) => void
  /** True once a drain has begun: requests that still come are refused. */
  readonly draining: () => boolean
  readonly sessionOpened: () => void
}
