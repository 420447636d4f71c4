/** What a client's socket proves of it. Nothing here comes from a header. */
export interface Peer {
  /** The IP address in its canonical text (an IPv4-mapped one as IPv4), or `unix` on a unix socket. */
  readonly address: string
  /** The remote port; undefined on a unix socket. */
  readonly port: number | undefined
  /** TLS ended at this gateway. */
  readonly encrypted: boolean
  /** The SNI name, lower case, without a trailing dot. */
  readonly servername: string | undefined
}

/** The `address` of a peer on a unix socket. */
export const unixAddress = 'unix'
