/** What a client's socket proves of it. Nothing here comes from a header. */
export interface Peer {
  /**
   * The IP address in its canonical text (an IPv4-mapped one as IPv4), or `unix` on a unix socket.
   */
  readonly address: string
  /** The remote port; undefined on a unix socket. */
  readonly port: number | undefined
  /** TLS ended at this gateway. */
  readonly encrypted: boolean
  /** The SNI name, lower case, without a trailing dot. */
  readonly servername: string | undefined
  /**
   * The certificate it has shown, where this listener's authorities vouch for it; never another.
   */
  readonly certificate?: PeerCertificate
}

/** A client's certificate that was verified in the handshake. */
export interface PeerCertificate {
  /** As RFC 4514 writes it, `CN=device-7,O=Example`, in ASCII. */
  readonly subject: string
  /** `DNS:a.example`, `URI:spiffe://a/b` … in ASCII. */
  readonly sans: readonly string[]
  /** In hex. */
  readonly serial: string
  /** SHA-256 of the whole certificate. */
  readonly fingerprint256: string
  /** Its notAfter, in epoch milliseconds. */
  readonly expiresAt: number
}

/** The `address` of a peer on a unix socket. */
export const unixAddress = 'unix'
