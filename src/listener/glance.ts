import type { IncomingMessage } from 'node:http'
import type { Peer } from '../peer.ts'
import type { TrustedProxies } from './forwarded.ts'
import { RawHeaderLines } from './header-lines.ts'
import { parseAuthority } from './host.ts'

/** What a request that was refused unread can still be told by. */
export interface Glance {
  readonly client: string
  readonly host: string | undefined
  readonly method: string | undefined
  /** Without its query. */
  readonly path: string | undefined
  readonly origin: string | undefined
}

/**
 * Looks at a head for the log alone, without judging it. Whatever does not read plainly is left
 * out: an absolute-form target may hold a password, and a client that cannot be told is its proxy.
 */
export function glance(head: IncomingMessage, peer: Peer, trust: TrustedProxies): Glance {
  const headers = new RawHeaderLines(head.rawHeaders)
  const target = head.url ?? ''
  return {
    client: clientOf(peer, trust, headers),
    host: parseAuthority(headers.one('host') ?? '')?.host,
    method: head.method,
    path: target.startsWith('/') ? target.replace(/[?#].*$/s, '') : undefined,
    origin: headers.one('origin'),
  }
}

function clientOf(peer: Peer, trust: TrustedProxies, headers: RawHeaderLines): string {
  try {
    return trust.clientOf(peer, headers).client
  } catch {
    // X-Forwarded-For is broken, which may be the very reason of the refusal.
    return peer.address
  }
}
