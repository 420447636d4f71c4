import type { ProxyVersion } from '../../proxy-protocol/client-header.ts'
import type { Secret } from '../secret.ts'
import type { TargetPlace } from '../target-place.ts'
import type { TargetRule } from '../target-rule.ts'
import type { UpstreamTls } from './tls.ts'

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
