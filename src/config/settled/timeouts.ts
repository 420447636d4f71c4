export interface Timeouts extends RouteTimeouts {
  readonly handshake: number
  readonly keepAlive: number
}

/** The clocks that a route may set for itself. */
export interface RouteTimeouts {
  readonly idle: number
  readonly ping: number
  readonly pong: number
  readonly stall: number
  readonly lifetime: number
  readonly closing: number
}
