/** A place for one session at a time: a route of the gateway's, and the upstream behind it. */
export interface Lane {
  readonly kind: 'relay' | 'bridge'
  readonly listener: 'ws' | 'wss'
  /** TLS between gateway and upstream too. */
  readonly secureUpstream: boolean
  /** Of the route: small ones pause senders all the time, a rate makes them wait. */
  readonly limits: Readonly<Record<string, unknown>>
}

const limits: readonly Lane['limits'][] = [
  {},
  { buffer: '4KiB' },
  { buffer: '16KiB', byteRate: '32MiB/s', messageRate: '4000/s' },
  { buffer: '512KiB' },
]

/** So many: all four kinds, with TLS to the upstream and without; each under other limits in the next eight. */
export function makeLanes(count: number): Lane[] {
  return Array.from({ length: count }, (_, index) => ({
    kind: index % 2 === 0 ? 'relay' : 'bridge',
    listener: index % 4 < 2 ? 'ws' : 'wss',
    secureUpstream: index % 8 >= 4,
    limits: limits[(Math.floor(index / 8) + index) % limits.length]!,
  }))
}
