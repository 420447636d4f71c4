import { longestDurationMs } from '../config/duration.ts'

/**
 * Runs something that may take so long and no longer. Its own signal is aborted at the deadline, or
 * with the other one; whether or not it heeds that, nobody waits any more.
 * @param late what the caller gets at the deadline
 */
export async function within<T>(
  ms: number,
  signal: AbortSignal,
  late: () => Error,
  run: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  signal.throwIfAborted()
  const controller = new AbortController()
  const given = Promise.withResolvers<never>()
  const giveUp = (reason: unknown): void => {
    controller.abort(reason)
    given.reject(reason)
  }
  const abort = (): void => giveUp(signal.reason)
  signal.addEventListener('abort', abort, { once: true })
  const timer = ms > longestDurationMs ? undefined : setTimeout(() => giveUp(late()), ms)
  try {
    return await Promise.race([run(controller.signal), given.promise])
  } catch (error) {
    throw controller.signal.aborted ? controller.signal.reason : error
  } finally {
    clearTimeout(timer)
    signal.removeEventListener('abort', abort)
  }
}
