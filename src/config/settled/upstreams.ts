import type { ProxyVersion } from '../../proxy-protocol/client-header.ts'
import type { Balance } from '../balance.ts'
import type { Secret } from '../secret.ts'
import type { Server } from '../server-url.ts'
import type { EjectionConfig, HealthConfig } from './health.ts'
import type { UpstreamTls } from './tls.ts'

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

export interface UpstreamTimeouts {
  readonly connect: number
  readonly handshake: number
  readonly response: number
}
