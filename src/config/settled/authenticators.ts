import type { Place } from '../place.ts'
import type { Rate } from '../rate.ts'
import type { Secret } from '../secret.ts'

export type AuthenticatorConfig =
  | JwtConfig
  | BasicConfig
  | ApiKeyConfig
  | ForwardConfig
  | CertificateConfig
  | TicketConfig

/** Exactly one of `secret`, `publicKey` and `jwks`. */
export interface JwtConfig {
  readonly kind: 'jwt'
  readonly from: readonly Place[]
  readonly passCredential: boolean
  /** At least 32 bytes; for the HS algorithms only. */
  readonly secret?: Secret
  /** A PEM text, or the absolute path of one. */
  readonly publicKey?: string
  /** A URL, or the absolute path of a file. */
  readonly jwks?: string
  readonly issuer?: string
  /** Any of these. */
  readonly audience?: readonly string[]
  /** Those that may be used; they fit the source of the keys. Undefined: as the key's type says. */
  readonly algorithms?: readonly string[]
  readonly clockTolerance: number
  /** Claim -> the values of which it must have one, as texts. */
  readonly require: Readonly<Record<string, readonly string[]>>
  /** All of these. */
  readonly scopes: readonly string[]
  readonly backchannelLogout: boolean
}

export interface BasicConfig {
  readonly kind: 'basic'
  readonly from: readonly Place[]
  readonly passCredential: boolean
  /** Absolute path. */
  readonly htpasswd: string
  readonly realm: string
  /** Failed checks, per login name and client address. */
  readonly attempts: Rate
}

export interface ApiKeyConfig {
  readonly kind: 'apiKey'
  /** Every place, those of `header` and `query` included. */
  readonly from: readonly Place[]
  readonly passCredential: boolean
  /** Absolute path. */
  readonly keys: string
  /** In lower case. */
  readonly header?: string
  readonly query?: string
}

export interface ForwardConfig {
  readonly kind: 'forward'
  readonly url: string
  /** The request headers that the server is sent, in lower case. */
  readonly send: readonly string[]
  /** Cookies were asked for by name; a default that sends them along does not make them the login. */
  readonly takesCookies: boolean
  /** The headers of its answer that go upstream, in lower case. */
  readonly copy: readonly string[]
  readonly timeout: number
  /** How long an answer is good for the same credentials; 0 for not at all. */
  readonly cache: number
}

/** A certificate passes by any pattern of either list; `*` in them stands for any text. */
export interface CertificateConfig {
  readonly kind: 'certificate'
  readonly subjects: readonly string[]
  readonly sans: readonly string[]
}

export interface TicketConfig {
  readonly kind: 'ticket'
  /** Where tickets are given out: canonical, without a trailing slash. */
  readonly path: string
  readonly lifetime: number
  /** Whether a ticket is good for the address only that asked for it. */
  readonly bindAddress: boolean
  /** The query parameter that carries it. */
  readonly query: string
}

export interface IdentityConfig {
  /** Lower-case header name -> where its value comes from (`subject`, `name`, `claims.NAME`). */
  readonly headers: Readonly<Record<string, string>>
}
