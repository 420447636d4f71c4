/** Who a client has proved to be. */
export interface Identity {
  /** The authenticator's name in the configuration. */
  readonly authenticator: string
  readonly subject: string
  readonly name: string | undefined
  readonly claims: Readonly<Record<string, unknown>>
  /** Epoch milliseconds at which the credential ends, without any tolerance; Infinity for never. */
  readonly expiresAt: number
  /** What names the credential: a token's `jti`, a key's name, a certificate's serial number. */
  readonly credentialId: string | undefined
  /** OpenID's `sid`, by which a logout names the login. */
  readonly sessionId: string | undefined
  /** A keyed hash of the credential itself, by which a revocation can refuse it. */
  readonly fingerprint: string
  /** Header lines that go upstream with it, name and value alternating. */
  readonly headers: readonly string[]
}
