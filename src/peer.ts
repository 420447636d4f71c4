/**
 * What a client's connection proves of it: its socket, or the proxy in front that a listener is
 * told to believe (PROXY protocol). Nothing here comes from an HTTP header.
 */
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
  /** How TLS was agreed, where it ended here. */
  readonly tls?: PeerTls
  /** What it connected to, where a proxy in front announced that; else the socket knows. */
  readonly destination?: { readonly address: string; readonly port: number }
  /**
   * The certificate it has shown, where this listener's authorities vouch for it; never another.
   */
  readonly certificate?: PeerCertificate
}

/** What a TLS handshake came to. */
export interface PeerTls {
  /** `TLSv1.2`, `TLSv1.3`. */
  readonly version: string
  /** The protocol that was negotiated, if any was. */
  readonly alpn: string | undefined
  /** It took up a session of before; a certificate was shown there, and not again. */
  readonly isResumed: boolean
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
