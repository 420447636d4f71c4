import type { Identity } from './identity.ts'

/** Whose login is to end. Exactly one of the names is given. */
export type Revocation = Target & {
  /** Only identities of this authenticator: others may have the same subjects. Left out: of any. */
  readonly authenticator?: string
}

type Target =
  /** Everything of this subject. */
  | { readonly subject: string }
  /** One session, by the id of its log lines, and the credential it was opened with. */
  | { readonly id: string }
  /**
   * What was opened with one credential: a token's `jti`, a key's name, a certificate's serial
   * number.
   */
  | { readonly tokenId: string }
  /** What belongs to one login at an identity provider: a token's `sid`. */
  | { readonly sessionId: string }

const kinds = ['subject', 'id', 'tokenId', 'sessionId'] as const

/**
 * `nameless`: the subject of a credential that does not say to which login at its provider it
 * belongs.
 */
export type TargetKind = (typeof kinds)[number] | 'nameless'

/** @throws {TypeError} where not exactly one is named: nothing at all must not mean everybody */
export function targetOf(revocation: Revocation): Name & { readonly authenticator: string } {
  const given = kinds.flatMap((kind) => {
    const value: unknown = (revocation as Readonly<Record<string, unknown>>)[kind]
    return value === undefined ? [] : [{ kind, value }]
  })
  const [target, ...others] = given
  if (target === undefined || others.length > 0 || typeof target.value !== 'string') {
    throw new TypeError(`a revocation names exactly one of ${kinds.join(', ')}, as a string`)
  }
  const { kind, value } = target
  return { kind, value, authenticator: revocation.authenticator ?? '' }
}

/**
 * Under what something is kept. Names of authenticators have no control characters, and come first.
 * @param authenticator empty for any
 */
export function keyOf(kind: TargetKind, authenticator: string, value: string): string {
  return `${kind}\0${authenticator}\0${value}`
}

/** What an identity can be revoked by. */
export function namesOf({ subject, credentialId, sessionId }: Identity): Name[] {
  const nameless = sessionId === undefined ? subject : undefined
  const values = { subject, tokenId: credentialId, sessionId, nameless }
  return (['subject', 'tokenId', 'sessionId', 'nameless'] as const).flatMap((kind) => {
    const value = values[kind]
    return value === undefined || value === '' ? [] : [{ kind, value }]
  })
}

interface Name {
  readonly kind: TargetKind
  readonly value: string
}
