import type { EjectionConfig } from '../../config/settled/health.ts'
import type { Member, MemberHealth } from '../member.ts'
import { Ejection } from './ejection.ts'
import { Schedule } from './schedule.ts'
import type { Check } from './schedule.ts'
import { Verdict } from './verdict.ts'
import type { Thresholds } from './verdict.ts'

/** How a server came to be up or down. */
export interface HealthChange {
  readonly up: boolean
  /** Constant words. */
  readonly reason: string
  /** What the last check or connect failed with. */
  readonly error?: Error
  /** How long it is out, where it was ejected. */
  readonly outMs?: number
}

export interface WatchOptions {
  /** Undefined where it is not checked. */
  readonly checks:
    | (Thresholds & {
        readonly check: Check
        readonly interval: number
        readonly timeout: number
      })
    | undefined
  /** Undefined where it is not ejected. */
  readonly ejection: EjectionConfig | undefined
  readonly slowStartMs: number
  readonly random: () => number
  /** Called after each change, never from within a question. */
  readonly changed: (member: Member, change: HealthChange) => void
}

/** What a server gets at the beginning of a slow start: enough to be tried at all. */
const leastShare = 0.1

/**
 * The health of one server: what its checks say, and what connects of sessions and requests say.
 * Either takes it out, and it is up again when both agree.
 */
export class MemberWatch implements MemberHealth {
  readonly #member: Member
  readonly #options: WatchOptions
  readonly #schedule: Schedule | undefined
  readonly #verdict: Verdict | undefined
  readonly #ejection: Ejection | undefined
  #up = true
  #stopped = false
  #backAt = -Infinity
  #return: NodeJS.Timeout | undefined
  #returnAt = -Infinity

  /** @param before what was known of it so far */
  constructor(member: Member, options: WatchOptions, before?: MemberWatch) {
    const { checks, ejection, random } = options
    this.#member = member
    this.#options = options
    this.#verdict = checks && new Verdict(checks)
    this.#ejection = ejection && new Ejection(ejection)
    this.#schedule =
      checks &&
      new Schedule(checks.check, { ...checks, random }, (failure) => this.#checked(failure))
    if (before !== undefined) this.#goOnFrom(before)
  }

  isUp(): boolean {
    return this.#up
  }

  get failing(): boolean {
    return !this.#stopped && this.#verdict?.down === true
  }

  share(now: number): number {
    const { slowStartMs } = this.#options
    const past = now - this.#backAt
    return past >= slowStartMs ? 1 : Math.max(leastShare, past / slowStartMs)
  }

  connected(now: number): void {
    this.#ejection?.connected(now)
    this.#settle({ up: true, reason: 'it was connected to' })
  }

  connectFailed(now: number, error: Error): void {
    // One that is down anyway is not counted twice: it would stay out longer than it is down.
    if (!this.#up) return
    const outMs = this.#ejection?.failed(now)
    if (outMs === undefined) return
    this.#member.ejections++
    this.#verdict?.doubt()
    this.#returnIn(outMs)
    this.#settle({ up: false, reason: 'connects failed', error, outMs })
  }

  stop(): void {
    this.#stopped = true
    this.#schedule?.stop()
    clearTimeout(this.#return)
  }

  #goOnFrom(before: MemberWatch): void {
    this.#up = before.#up
    this.#backAt = before.#backAt
    if (before.#verdict !== undefined) this.#verdict?.goOnFrom(before.#verdict)
    if (before.#ejection !== undefined) this.#ejection?.goOnFrom(before.#ejection)
    if (this.#ejection?.out === true) this.#returnIn(before.#returnAt - performance.now())
    // What it was out for may not be looked at any longer.
    this.#settle({ up: true, reason: 'no longer watched' })
  }

  #checked(failure: Error | undefined): void {
    if (failure === undefined) {
      this.#member.checksPassed++
      this.#verdict?.passed()
      // Connects are a part of every check.
      if (this.#ejection?.out === true && this.#verdict?.proven === true) {
        this.#ejection.end(performance.now())
      }
      this.#settle({ up: true, reason: 'checks passed' })
    } else {
      this.#member.checksFailed++
      this.#verdict?.failed()
      this.#settle({ up: false, reason: 'checks failed', error: failure })
    }
  }

  #returnIn(ms: number): void {
    const wait = Math.max(0, ms)
    this.#returnAt = performance.now() + wait
    clearTimeout(this.#return)
    this.#return = setTimeout(() => {
      this.#ejection?.end(performance.now())
      this.#settle({ up: true, reason: 'its time is over' })
    }, wait)
    // Sockets keep the process alive, clocks do not.
    this.#return.unref()
  }

  /** @param change told where it is one */
  #settle(change: HealthChange): void {
    const isUp = this.#verdict?.down !== true && this.#ejection?.out !== true
    if (isUp === this.#up || isUp !== change.up) return
    this.#up = isUp
    if (isUp) {
      this.#backAt = performance.now()
      clearTimeout(this.#return)
    }
    this.#options.changed(this.#member, change)
  }
}
