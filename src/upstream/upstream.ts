import type { Readable } from 'node:stream'
import type { Socket } from 'node:net'
import type { ExtensionOffer } from '../handshake/upgrade-request.ts'
import type { Lease } from './lease.ts'

/**
 * What the gateway sends an upstream to open a WebSocket. The key is fresh and made by the dial.
 */
export interface WebSocketOffer {
  /** Origin-form, the client's own bytes. */
  readonly target: string
  /**
   * End-to-end and forwarding headers, name and value alternating, Host included (where there is
   * one); without Connection, Upgrade and every Sec-WebSocket-* header, which the dial writes
   * itself.
   */
  readonly headers: readonly string[]
  readonly protocols: readonly string[]
  readonly extensions: readonly ExtensionOffer[]
}

/**
 * An upstream that verified as a WebSocket server (RFC 6455 section 4.1). Nothing reads the socket
 * yet.
 */
export interface VerifiedWebSocket {
  readonly kind: 'websocket'
  readonly socket: Socket
  /** The server that answered: for logs. */
  readonly server: string
  readonly protocol: string | undefined
  /**
   * The Sec-WebSocket-Extensions value to answer the client with; undefined where none was agreed.
   */
  readonly extensions: string | undefined
  /** permessage-deflate was agreed, so that RSV1 may be set. */
  readonly deflate: boolean
}

/**
 * An upstream that answered the upgrade with an HTTP answer of its own; it is relayed, never
 * tunnelled.
 */
export interface UpstreamAnswer {
  readonly kind: 'answer'
  /** The server that answered: for logs. */
  readonly server: string
  readonly status: number
  /** The reason phrase. */
  readonly statusText: string
  /** Name and value alternating, as they came. */
  readonly headers: readonly string[]
  /** The body, decoded from its transfer coding. Destroying it destroys the upstream's socket. */
  readonly body: Readable
}

/** What was dialled counts on its server until its lease is released. */
export interface Leased {
  readonly lease: Lease
}

export interface DialedWebSocket extends VerifiedWebSocket, Leased {
  /** A Set-Cookie value for the client, which binds it to the server. */
  readonly setCookie: string | undefined
}

export interface DialedAnswer extends UpstreamAnswer, Leased {}

/** A raw TCP (or TLS, or unix) backend. Nothing reads the socket yet. */
export interface DialedTcp extends Leased {
  readonly socket: Socket
  /** The server that was dialled: for logs. */
  readonly server: string
  /** A Set-Cookie value for the client, which binds it to the server. */
  readonly setCookie: string | undefined
}
