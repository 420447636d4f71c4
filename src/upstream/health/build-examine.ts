import type { HealthCheck } from '../../config/config.ts'
import type { Examine } from './examine.ts'
import { examineHttp } from './http-examine.ts'
import { examineWebSocket } from './websocket-examine.ts'

/** What a check does once it is connected; for TCP that was all. */
export function buildExamine(check: HealthCheck): Examine {
  switch (check.kind) {
    case 'http':
      return examineHttp(check)
    case 'websocket':
      return examineWebSocket(check)
    case 'tcp':
      return () => Promise.resolve()
  }
}
