import { GatewayError } from '../errors.ts'
import type { Entry } from '../roster.ts'
import type { Logout } from './backchannel.ts'
import type { Identity } from './identity.ts'
import { keyOf, namesOf, targetOf } from './revocation.ts'
import type { Revocation, TargetKind } from './revocation.ts'
import type { Revocations } from './revocations.ts'

/** What lives as long as a login does: a session. */
export interface Login {
  /** The session's id, as the log has it. */
  readonly id: string
  /** Undefined where its route asks for none. */
  readonly identity: Identity | undefined
  /** Ends the session. */
  readonly end: (error: GatewayError) => void
}

/** Who is in, by every name that a revocation may use, and who may not come in again. */
export class Logins {
  readonly #revocations: Revocations
  /** By the session's id. */
  readonly #byId = new Map<string, Entry<Login>>()
  /** So that the thousand sessions of one subject are found without a look at everybody else's. */
  readonly #byName = new Map<string, Entry<Login> | Set<Entry<Login>>>()

  constructor(revocations: Revocations) {
    this.#revocations = revocations
  }

  /** @throws {GatewayError} `credentials-invalid` where the credential has been revoked */
  check(identity: Identity): void {
    if (this.#revocations.refuses(identity)) {
      throw new GatewayError('credentials-invalid', 'the credential has been revoked')
    }
  }

  /**
   * Notes a session until the returned function is called. One whose credential was revoked on its
   * way here is ended at once.
   */
  enter(login: Login): () => void {
    const entry: Entry<Login> = { item: login }
    this.#byId.set(login.id, entry)
    for (const name of namesOfLogin(login)) {
      const others = this.#byName.get(name)
      // Most names are one session's: those cost no Set.
      if (others === undefined) this.#byName.set(name, entry)
      else if (others instanceof Set) others.add(entry)
      else this.#byName.set(name, new Set([others, entry]))
    }
    const { identity } = login
    if (identity !== undefined && this.#revocations.refuses(identity)) login.end(revoked())
    return () => this.#leave(entry)
  }

  /**
   * Ends the sessions that it names and refuses their credentials from now on.
   * @returns how many sessions were ended
   * @throws {TypeError} where it names none, or more than one thing
   */
  revoke(revocation: Revocation): number {
    const { kind, value, authenticator } = targetOf(revocation)
    return this.#end(kind, authenticator, value)
  }

  /**
   * Ends what an identity provider says has logged out: everything of a subject, or one login of
   * theirs. Where it names the login, credentials that do not say to which login they belong end
   * with it, since it may be theirs.
   * @returns how many sessions were ended
   */
  logOut({ authenticator, subject, sessionId }: Logout): number {
    if (sessionId === undefined) return this.#end('subject', authenticator, subject ?? '')
    const ended = this.#end('sessionId', authenticator, sessionId)
    return subject === undefined ? ended : ended + this.#end('nameless', authenticator, subject)
  }

  #end(kind: TargetKind, authenticator: string, value: string): number {
    const key = keyOf(kind, authenticator, value)
    const entries = this.#named(kind, value).filter(
      ({ item }) => authenticator === '' || item?.identity?.authenticator === authenticator,
    )
    const logins = entries.flatMap(({ item }) => item ?? [])
    if (kind === 'tokenId') this.#revocations.refuse(key, lastExpiry(logins))
    else if (kind !== 'id') this.#revocations.refuse(key)
    const error = revoked()
    for (const entry of entries) this.#leave(entry)
    for (const login of logins) {
      // A subject's own credentials too: not every kind can be refused by the subject's name.
      if (login.identity !== undefined && kind !== 'tokenId') {
        this.#revocations.refuseCredential(login.identity)
      }
      login.end(error)
    }
    return logins.length
  }

  #named(kind: TargetKind, value: string): Entry<Login>[] {
    const found = kind === 'id' ? this.#byId.get(value) : this.#byName.get(keyOf(kind, '', value))
    if (found === undefined) return []
    return found instanceof Set ? [...found] : [found]
  }

  #leave(entry: Entry<Login>): void {
    const login = entry.item
    if (login === undefined) return
    entry.item = undefined
    this.#byId.delete(login.id)
    for (const name of namesOfLogin(login)) {
      const others = this.#byName.get(name)
      if (others instanceof Set) others.delete(entry)
      if (others === entry || (others instanceof Set && others.size === 0))
        this.#byName.delete(name)
    }
  }
}

const nameless: readonly string[] = []

function namesOfLogin({ identity }: Login): readonly string[] {
  if (identity === undefined) return nameless
  return namesOf(identity).map(({ kind, value }) => keyOf(kind, '', value))
}

/** Nobody knows how long a token lives that has not been seen. */
function lastExpiry(logins: readonly Login[]): number {
  if (logins.length === 0) return Infinity
  return Math.max(...logins.map(({ identity }) => identity?.expiresAt ?? Infinity))
}

function revoked(): GatewayError {
  return new GatewayError('session-revoked', 'the login has been revoked')
}
