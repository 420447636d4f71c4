import type { BindAddress } from '../bind-address.ts'
import type { AddressRulesConfig } from './admission.ts'
import type { ListenerTls } from './tls.ts'

export interface ListenerConfig {
  readonly bind: BindAddress
  readonly tls?: ListenerTls
  readonly clients: AddressRulesConfig
  /** Proxies whose connections begin with a PROXY header: addresses, CIDRs, `unix`. */
  readonly proxyProtocolFrom: readonly string[]
}
