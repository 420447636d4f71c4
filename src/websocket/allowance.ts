/**
 * What a scanner does where its allowance is used up: waits for more, goes on without limit, or
 * goes on to the frame's end.
 */
export type Overdrawn = 'wait' | 'go' | 'finish'

/**
 * How much a direction may carry for now. Its owner fills the numbers up before a scan, and the
 * scanner charges them: once a scan, or for every frame where there may not be enough for all of
 * it.
 */
export interface Allowance {
  /** Data messages that may begin. */
  messages: number
  /** Payload bytes of data messages. */
  bytes: number
  /**
   * A message is to begin, and less than one is left.
   * @throws {GatewayError} to refuse it: nothing of it has been given on
   */
  outOfMessages(): Overdrawn
  /**
   * Payload has come, and not one byte is left.
   * @param inside a frame whose begin has been given on, so that it can only be finished
   * @throws {GatewayError} to refuse the frame, where it is not `inside`
   */
  outOfBytes(inside: boolean): Overdrawn
}
