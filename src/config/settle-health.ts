import type { HealthCheck, HealthConfig } from './settled/health.ts'
import { defined } from './objects.ts'
import type { CheckedFile } from './schema.ts'
import type { StatusRange } from './status-range.ts'

type CheckedHealth = NonNullable<CheckedFile['upstreams'][string]['health']>

const anySuccess: readonly StatusRange[] = [{ from: 200, to: 399 }]

export function settleHealth(health: CheckedHealth): HealthConfig {
  const { interval, timeout, unhealthyAfter, healthyAfter } = health
  return { check: settleCheck(health), interval, timeout, unhealthyAfter, healthyAfter }
}

function settleCheck({ path, websocket, host, status, body }: CheckedHealth): HealthCheck {
  if (path !== undefined) {
    return { kind: 'http', path, statuses: status ?? anySuccess, ...defined({ host, body }) }
  }
  if (websocket !== undefined) return { kind: 'websocket', path: websocket, ...defined({ host }) }
  return { kind: 'tcp' }
}
