import { compare, genSaltSync, hash as hashBcrypt } from 'bcrypt'
import { GatewayError } from '../errors.ts'

/**
 * Checks at once. They run in libuv's pool of four threads, in which files are read and names
 * resolved too: all four of them would keep everybody waiting for a flood of guesses.
 */
const maxRunning = 2
const maxWaiting = 64
/** Of one client, so that one that guesses all the time leaves room for others. */
const maxWaitingPerClient = 8

interface Job {
  readonly password: string
  readonly hash: string
  readonly client: string
  readonly done: (result: Promise<boolean>) => void
}

/**
 * Checks passwords against bcrypt hashes, a few at a time. One for the whole process: it is the
 * process's threads that it spares.
 */
export class PasswordChecks {
  readonly #waiting: Job[] = []
  readonly #waitingOf = new Map<string, number>()
  #running = 0

  /** Checks that wait for their turn. */
  get waiting(): number {
    return this.#waiting.length
  }

  /**
   * @param client on whose behalf
   * @throws {GatewayError} `auth-unavailable`, `client-limit`
   */
  check(password: string, hash: string, client: string): Promise<boolean> {
    const { promise, resolve } = Promise.withResolvers<boolean>()
    const job = { password, hash, client, done: resolve }
    if (this.#running < maxRunning) this.#run(job)
    else this.#wait(job)
    return promise
  }

  #wait(job: Job): void {
    const own = this.#waitingOf.get(job.client) ?? 0
    if (own >= maxWaitingPerClient) {
      throw new GatewayError('client-limit', `${own} logins of ${job.client} wait to be checked`)
    }
    if (this.#waiting.length >= maxWaiting) {
      throw new GatewayError('auth-unavailable', `${maxWaiting} logins wait to be checked`)
    }
    this.#waitingOf.set(job.client, own + 1)
    this.#waiting.push(job)
  }

  #run({ password, hash, done }: Job): void {
    this.#running += 1
    const result = compare(password, hash)
    done(result)
    const settled = (): void => this.#next()
    result.then(settled, settled)
  }

  #next(): void {
    this.#running -= 1
    const job = this.#waiting.shift()
    if (job === undefined) return
    const own = (this.#waitingOf.get(job.client) ?? 1) - 1
    if (own === 0) this.#waitingOf.delete(job.client)
    else this.#waitingOf.set(job.client, own)
    this.#run(job)
  }
}

/**
 * A hash that no password is known of, and whose check takes as long as that of any other of its
 * cost.
 */
export function decoyHash(cost: number): string {
  return genSaltSync(cost) + '.'.repeat(31)
}

/** A hash of a password that is known, as a line of an htpasswd file has it. */
export async function hashPassword(password: string): Promise<string> {
  return await hashBcrypt(password, 10)
}
