import type { HealthCheck } from '../../config/settled/health.ts'
import type { Examine } from './examine.ts'
import { examineHttp } from './http-examine.ts'
import { examineTcp } from './tcp-examine.ts'
import { examineWebSocket } from './websocket-examine.ts'

/** What a check does once it is connected. */
export function buildExamine(check: HealthCheck): Examine {
  switch (check.kind) {
    case 'http':
      return examineHttp(check)
    case 'websocket':
      return examineWebSocket(check)
    case 'tcp':
      return examineTcp
  }
}
