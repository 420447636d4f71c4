import type { CertificatePair } from '../listener/tls-context.ts'
import type { Logger } from '../observe/logger.ts'
import type { Metrics } from '../observe/metrics.ts'
import type { DataPath } from '../relay/port/choose-ports.ts'
import type { NameResolver } from '../upstream/resolve.ts'

/** What a gateway is given besides its configuration. */
export interface GatewayParts {
  readonly logger: Logger
  readonly metrics: Metrics
  /**
   * For TLS listeners whose configuration names no certificate: pairs that live in memory alone.
   */
  readonly certificates?: readonly CertificatePair[]
  /** How far past Node's streams sessions may go; left out: as far as this Node is seen to carry. */
  readonly fastPath?: DataPath
  /** Left out: the hosts file and the DNS. */
  readonly resolver?: NameResolver
  /** Called when a session has opened. */
  readonly sessionOpened?: () => void
}
