import type { SessionRecord } from '../observe/session-record.ts'
import type { Outcome, Session } from '../relay/session.ts'
import type { Entry } from '../roster.ts'
import type { Proof } from './identify.ts'
import type { LiveSession, Stages } from './stages.ts'

/** A place in a limit, or on a server. */
interface Held {
  release(): void
}

/**
 * Where a session is known while it lives, and how it is forgotten everywhere. An async function in
 * its place would hold every variable of its own and of its callers for as long.
 */
export class Stay implements LiveSession {
  readonly session: Session
  readonly record: SessionRecord
  readonly #held: readonly Held[]
  readonly #stages: Stages
  readonly #entry: Entry<LiveSession>
  #leave: (() => void) | undefined
  #rest: (() => void) | undefined

  /** @param held is released when the session is over */
  constructor(session: Session, record: SessionRecord, held: readonly Held[], stages: Stages) {
    this.session = session
    this.record = record
    this.#held = held
    this.#stages = stages
    this.#entry = stages.sessions.enter(this)
  }

  /** Lets revocations and rechecks find it; one of a revoked credential is ended at once. */
  begin(proof: Proof | undefined): void {
    const { logins, rechecks, graceMs } = this.#stages
    const { session } = this
    const end = session.close
    this.#leave = logins.enter({ id: session.facts.id, identity: proof?.identity, end })
    if (proof === undefined) return
    const renew = (at: number): void => {
      session.expiresAt = at + graceMs
    }
    this.#rest = rechecks.watch(proof.identity, proof.proven, { end, renew })
  }

  readonly over = (outcome: Outcome): void => {
    this.#leave?.()
    this.#rest?.()
    this.#stages.sessions.leave(this.#entry)
    for (const held of this.#held) held.release()
    this.record.closed(outcome)
  }
}
