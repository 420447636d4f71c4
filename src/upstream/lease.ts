import type { GatewayError } from '../errors.ts'
import type { Member } from './member.ts'

/** A place on a server, taken for one session or request before it is dialled. */
export interface Lease {
  /** The server that it is a place on: for logs. */
  readonly server: string
  /** Gives the place back; a second call does nothing. Whoever gets a lease calls it. */
  release(): void
  /**
   * Called, at most once, where what holds the place is to end because its server is out of
   * service; at once where it already is. Not called after `release`.
   */
  onRemoved(end: (error: GatewayError) => void): void
}

/** A lease as the pool sees it. */
export class MemberLease implements Lease {
  readonly member: Member
  readonly #released: () => void
  #end: ((error: GatewayError) => void) | undefined
  #removed: GatewayError | undefined

  /** @param released called once, when the place is free again */
  constructor(member: Member, released: () => void) {
    this.member = member
    this.#released = released
    member.leases.add(this)
    member.picks++
  }

  get server(): string {
    return this.member.key
  }

  release(): void {
    if (!this.member.leases.delete(this)) return
    // The set may keep it from the collector for a while (see roster.ts), but not its session.
    this.#end = undefined
    this.#released()
  }

  onRemoved(end: (error: GatewayError) => void): void {
    this.#end = end
    if (this.#removed !== undefined) end(this.#removed)
  }

  /** Its server is out of service. */
  remove(error: GatewayError): void {
    if (this.#removed !== undefined) return
    this.#removed = error
    this.#end?.(error)
  }
}
