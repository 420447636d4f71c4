import type { UpstreamConfig } from '../config/settled/upstreams.ts'
import { GatewayError } from '../errors.ts'
import type { PickFacts } from './balance/pick-facts.ts'
import type { Panic } from './health/panic.ts'
import { MemberLease } from './lease.ts'
import type { Member } from './member.ts'
import { Selection } from './selection.ts'
import { Sticky } from './sticky.ts'
import { WaitingLine } from './waiting-line.ts'

/** A place, and what was reached on its server. */
export interface Reached<T> {
  readonly lease: MemberLease
  readonly what: T
}

/**
 * The places on the members of a pool: who gets one, on which member, and who waits for one.
 * A place is taken before its server is dialled, so that a member never has more than it may.
 */
export class Places {
  /** The pool's name. */
  readonly #name: string
  readonly #panic: Panic
  readonly #line: WaitingLine<MemberLease>
  #members: readonly Member[] = []
  #retries: number
  #sticky: Sticky | undefined
  #selection: Selection

  constructor(name: string, config: UpstreamConfig, panic: Panic) {
    this.#name = name
    this.#panic = panic
    this.#line = new WaitingLine(config.queue)
    this.#retries = config.retries
    this.#sticky = config.sticky && new Sticky(config.sticky, name)
    this.#selection = new Selection(config.balance, this.#sticky, panic)
  }

  /** How many wait for one. */
  get waiting(): number {
    return this.#line.length
  }

  configure(config: UpstreamConfig): void {
    this.#line.configure(config.queue)
    this.#retries = config.retries
    this.#sticky = config.sticky && new Sticky(config.sticky, this.#name)
    this.#selection = new Selection(config.balance, this.#sticky, this.#panic)
    this.know(this.#members)
  }

  /** From now on these are the members. */
  know(members: readonly Member[]): void {
    this.#members = members
    this.#selection.members = members
    this.#sticky?.know(members)
    this.serve()
  }

  /**
   * Takes a place and reaches its server, or a further one where that fails.
   * @param first a place that is taken already
   * @returns with the lease; where it throws none is left, `first` neither
   * @throws {GatewayError} `upstream-unavailable`, what `reach` throws; the signal's reason
   */
  async reach<T>(
    facts: PickFacts,
    signal: AbortSignal,
    first: MemberLease | undefined,
    reach: (member: Member) => T | Promise<T>,
  ): Promise<Reached<T>> {
    let tried = nobody
    let failure: unknown
    for (let lease = first; ; lease = undefined) {
      // Nobody is overtaken: what is free now can be used by none of those who wait, since they are
      // served first whenever something comes free.
      lease ??=
        this.#take(facts, tried, failure) ?? (await this.#wait(facts, tried, failure, signal))
      try {
        return { lease, what: await reach(lease.member) }
      } catch (error) {
        lease.release()
        tried = [...tried, lease.member]
        failure = error
        if (signal.aborted || tried.length > this.#retries) throw error
      }
    }
  }

  /**
   * A Set-Cookie value that binds the client to its server; undefined where none is needed, or none
   * is configured.
   */
  cookieFor(facts: PickFacts, { member }: MemberLease): string | undefined {
    return this.#sticky?.cookieFor(facts, member)
  }

  /** There may be places for those who wait: a member is ready again, or up. */
  readonly serve = (): void => {
    if (this.#line.length > 0) this.#line.serve(() => this.#selection.isSpare(performance.now()))
  }

  /** Nobody waits any longer. */
  end(reason: GatewayError): void {
    this.#line.end(reason)
  }

  /**
   * @returns undefined where all that may be used are full
   * @throws the failure of those tried before, where nobody else can be tried
   */
  #take(facts: PickFacts, tried: readonly Member[], failure: unknown): MemberLease | undefined {
    const choice = this.#selection.choose(facts, tried, performance.now())
    if (choice === 'none') throw failure ?? noneUsable()
    return choice === 'full' ? undefined : new MemberLease(choice, this.serve)
  }

  #wait(
    facts: PickFacts,
    tried: readonly Member[],
    failure: unknown,
    signal: AbortSignal,
  ): Promise<MemberLease> {
    // Who has seen a server fail does not wait for some of the others only: it may be up again first.
    if (failure !== undefined) throw failure
    return this.#line.wait(() => this.#take(facts, tried, failure), signal)
  }
}

const nobody: readonly Member[] = []

function noneUsable(): GatewayError {
  return new GatewayError('upstream-unavailable', 'no server may be used')
}
