import { isIPv6 } from 'node:net'
import type { Server } from '../config/server-url.ts'

/** The Host that names a server itself. */
export function authorityOf(server: Server): string {
  if (server.kind === 'unix') return 'localhost'
  const host = isIPv6(server.host) ? `[${server.host}]` : server.host
  const usual = server.kind === 'https' ? 443 : 80
  // A service whose host is not known yet has no port.
  return server.port === usual || server.port === 0 ? host : `${host}:${server.port}`
}

/**
 * The header lines with the Host that this server is to see: the client's, or its own name where
 * the client's is not kept or there is none (HTTP/1.0).
 */
export function withHost(
  headers: readonly string[],
  server: Server,
  preserveHost: boolean,
): readonly string[] {
  // As nearly all come: it stands in front, alone, and is kept.
  if (preserveHost && headers[0] === 'Host' && headers[1] !== '' && !namesHostAgain(headers)) {
    return headers
  }
  const lines: string[] = []
  let host: string | undefined
  for (let at = 0; at < headers.length; at += 2) {
    const name = headers[at]!
    if (name.toLowerCase() === 'host') host = headers[at + 1]!
    else lines.push(name, headers[at + 1]!)
  }
  const shown = preserveHost && host !== undefined && host !== '' ? host : authorityOf(server)
  return ['Host', shown, ...lines]
}

function namesHostAgain(headers: readonly string[]): boolean {
  for (let at = 2; at < headers.length; at += 2) {
    const name = headers[at]!
    if (name.length === 4 && name.toLowerCase() === 'host') return true
  }
  return false
}
