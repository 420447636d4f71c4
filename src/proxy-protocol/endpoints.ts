import { isIPv4 } from 'node:net'

/** One end of a connection. */
export interface Endpoint {
  /** An IP address as text, without a zone. */
  readonly address: string
  readonly port: number
}

/** Who connected, and to what. Both addresses are of one family. */
export interface Endpoints {
  readonly source: Endpoint
  readonly destination: Endpoint
}

/**
 * Two ends as a header can carry them. Behind other proxies they may be of two families, and the
 * source is what a receiver asks for: its family decides, and a destination that cannot be written
 * in it is the unspecified address.
 */
export function endpointsOf(source: Endpoint, destination: Endpoint): Endpoints {
  if (isIPv4(source.address) === isIPv4(destination.address)) return { source, destination }
  const address = isIPv4(source.address) ? '0.0.0.0' : `::ffff:${destination.address}`
  return { source, destination: { address, port: destination.port } }
}
