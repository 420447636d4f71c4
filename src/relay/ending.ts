import type { GatewayError } from '../errors.ts'

export type Side = 'client' | 'upstream'

/**
 * What the gateway decides without anybody having done wrong: the message in progress may end
 * first, and a TCP backend gets FIN instead of a reset.
 */
const orderly: ReadonlySet<string> = new Set([
  'draining',
  'idle',
  'lifetime',
  'session-expired',
  'session-revoked',
  'route-removed',
  'upstream-removed',
])

const clientViolations: ReadonlySet<string> = new Set([
  'frame-invalid',
  'message-too-big',
  'message-kind',
  'text-invalid',
  'rate-exceeded',
])

export function isOrderly(error: GatewayError): boolean {
  return orderly.has(error.token)
}

/** Who broke a rule, where somebody did. */
export function violatorOf(error: GatewayError): Side | undefined {
  if (clientViolations.has(error.token)) return 'client'
  return error.token === 'upstream-invalid' ? 'upstream' : undefined
}

/** Who takes no bytes, where that is the reason. */
export function stalledIn(error: GatewayError): Side | undefined {
  if (error.token === 'client-stalled') return 'client'
  return error.token === 'upstream-stalled' ? 'upstream' : undefined
}
