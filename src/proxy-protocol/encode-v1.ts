import { isIPv4 } from 'node:net'
import type { Endpoints } from './endpoints.ts'

/**
 * The line of version 1 (section 2.1).
 * @param endpoints undefined where there are no addresses: the receiver keeps those of the socket
 */
export function encodeV1(endpoints: Endpoints | undefined): Buffer {
  if (endpoints === undefined) return Buffer.from('PROXY UNKNOWN\r\n')
  const { source, destination } = endpoints
  const protocol = isIPv4(source.address) ? 'TCP4' : 'TCP6'
  const addresses = `${source.address} ${destination.address}`
  return Buffer.from(`PROXY ${protocol} ${addresses} ${source.port} ${destination.port}\r\n`)
}
