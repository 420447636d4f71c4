/** Absolute paths of PEM files. */
export interface CertificateFiles {
  readonly cert: string
  readonly key: string
}

export interface ListenerTls {
  /** Absolute paths of PEM files; the first pair serves clients whose SNI fits none. */
  readonly certificates: readonly CertificateFiles[]
  readonly minVersion: 'TLSv1.2' | 'TLSv1.3'
  /** Clear text is served at the same address. */
  readonly optional: boolean
  readonly clientCertificate?: ClientCertificateConfig
}

export interface ClientCertificateConfig {
  /** Absolute path of a PEM file: whose certificates count. */
  readonly ca: string
  /** Whether a client without one is turned away in the TLS handshake. */
  readonly required: boolean
}

export interface UpstreamTls {
  /** Absolute path of a PEM file that replaces the system's authorities. */
  readonly ca?: string
  readonly servername?: string
  readonly verify: boolean
  /** What the gateway shows a server that asks who it is. */
  readonly certificate?: CertificateFiles
}
