import type { Peer } from '../peer.ts'

/** The header lines of a request as they came: names in the client's case, values as latin1 text. */
export interface HeaderLines {
  /** Name, value, name, value … in the client's order and case. */
  readonly raw: readonly string[]
  /** The value of a singleton, or undefined. Duplicates of singletons were refused. `name` is lower case. */
  one(name: string): string | undefined
  /** Every value of a header, one entry a line. `name` is lower case. */
  all(name: string): readonly string[]
}

/**
 * One request as the gateway understands it: every decision is made on this, and this is what is forwarded. Trust in
 * forwarding headers was applied once, here.
 */
export interface EdgeRequest {
  /** Names the request in logs. */
  readonly id: string
  readonly method: string
  readonly httpVersion: '1.0' | '1.1'
  /** Origin-form (or `*`), the client's own bytes as latin1 text: path and query. This is what is forwarded. */
  readonly target: string
  /** The target without its query. */
  readonly path: string
  /** The query with its `?`, or the empty string. */
  readonly query: string
  /** The Host: lower case, without port or trailing dot, IPv6 in brackets; empty where HTTP/1.0 sent none. */
  readonly host: string
  /** The Host's port where it has one. */
  readonly port: number | undefined
  /** `https` where TLS ends here or a trusted proxy says so. */
  readonly scheme: 'http' | 'https'
  /** Whether `scheme` is known: TLS ends here, or a trusted proxy named it. False on a plain listener nobody vouches for. */
  readonly schemeKnown: boolean
  /** The client's address after trusted proxies: an IP address, or `unix`. */
  readonly client: string
  readonly peer: Peer
  /** The socket's peer is a trusted proxy, so that its forwarding headers count. */
  readonly peerTrusted: boolean
  readonly headers: HeaderLines
  /** Content-Length above 0 or a Transfer-Encoding. */
  readonly hasBody: boolean
  /** The declared Content-Length, undefined where there is none (or it is chunked). */
  readonly contentLength: number | undefined
  /** The Upgrade list contains `websocket`: this is a WebSocket upgrade or an error, never a plain request. */
  readonly websocket: boolean
  /** `Expect: 100-continue` was sent. */
  readonly expectsContinue: boolean
}
