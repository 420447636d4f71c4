import type { Rate } from '../config/rate.ts'

/** Gives a place back, once however often it is called. */
export type Release = () => void

/**
 * All counting of who may come in and who may stay. Keys of different accounts have nothing to do
 * with each other.
 *
 * Every answer is given at once, so that a check costs no turn of the event loop and nobody who is
 * refused holds anything meanwhile. An implementation that counts across processes or machines
 * answers from the share of each limit that it holds, and settles with the others behind the
 * scenes.
 */
export interface Ledger {
  /** Places taken under a key. */
  held(account: string, key: string): number
  /**
   * Takes one of `max` places under a key. A place is acquired, not looked at: two that ask at once
   * cannot both get the last.
   * @param max `Infinity` for no limit
   * @returns undefined where `max` places are taken
   */
  acquire(account: string, key: string, max: number): Release | undefined
  /**
   * Takes one token of a rate under a key. A refused take costs nothing.
   * @param rate the same for all keys of one account
   * @param burst how many may be taken at once, 1 at least
   * @returns 0 where it was taken, else the milliseconds until one can be
   */
  take(account: string, key: string, rate: Rate, burst: number): number
  /** Puts a token back that was taken for what turned out not to count. */
  giveBack(account: string, key: string, rate: Rate): void
}
