import type { StatusRange } from '../status-range.ts'

export interface HealthConfig {
  readonly check: HealthCheck
  readonly interval: number
  readonly timeout: number
  readonly unhealthyAfter: number
  readonly healthyAfter: number
}

export type HealthCheck = HttpCheck | WebSocketCheck | { readonly kind: 'tcp' }

export interface HttpCheck {
  readonly kind: 'http'
  /** Origin-form. */
  readonly path: string
  /** Undefined is the server's own. */
  readonly host?: string
  /** Any of these is well. */
  readonly statuses: readonly StatusRange[]
  /** What the start of the body has to contain. */
  readonly body?: string
}

export interface WebSocketCheck {
  readonly kind: 'websocket'
  /** Origin-form. */
  readonly path: string
  readonly host?: string
}

export interface EjectionConfig {
  /** Connects in a row that fail. */
  readonly after: number
  /** The first time, and the longest. */
  readonly time: number
  readonly max: number
}
