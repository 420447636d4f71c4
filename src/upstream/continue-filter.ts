import type { Socket } from 'node:net'
import { maxHeadBytes } from './answer-head.ts'

const mark = Buffer.from('HTTP/1.1 100')
const headEnd = Buffer.from('\r\n\r\n')

/**
 * Takes `100 Continue` answers out of what a socket reads. We never send Expect, but servers send them unasked and a client
 * has to live with it (RFC 9110 section 15.2), where undici treats them as a broken answer. It skips every other interim
 * answer itself.
 *
 * undici reads by `socket.read()`, once per 'readable'. Wrapping that one method costs nothing once the answer has begun;
 * a Transform around the socket would touch every byte.
 */
export class ContinueFilter {
  readonly #read: (size?: number) => Buffer | null
  #skipped: () => boolean = () => false
  #armed = false
  /** The start of an answer, as long as it cannot be told what it is. */
  #held: Buffer | undefined

  constructor(socket: Socket) {
    this.#read = socket.read.bind(socket)
    socket.read = (size?: number) => (this.#armed ? this.#next() : this.#read(size))
  }

  /**
   * An answer begins with the next byte.
   * @param skipped asked for each 100; false lets it through, for undici to refuse
   */
  arm(skipped: () => boolean): void {
    this.#armed = true
    this.#held = undefined
    this.#skipped = skipped
  }

  #next(): Buffer | null {
    for (let chunk = this.#read(); chunk !== null; chunk = this.#read()) {
      let bytes = this.#held === undefined ? chunk : Buffer.concat([this.#held, chunk])
      this.#held = undefined
      let end = continueLength(bytes)
      while (end > 0 && this.#skipped()) {
        bytes = bytes.subarray(end)
        end = continueLength(bytes)
      }
      if (end !== undecided) {
        this.#armed = false
        return bytes
      }
      if (bytes.length > 0) this.#held = bytes
    }
    return null
  }
}

const other = -1
const undecided = 0

/** @returns the length of the 100 at the start of `bytes`, `other`, or `undecided` while more bytes are needed */
function continueLength(bytes: Buffer): number {
  const common = Math.min(bytes.length, mark.length)
  if (bytes.compare(mark, 0, common, 0, common) !== 0) return other
  const end = bytes.indexOf(headEnd)
  const head = end < 0 ? bytes : bytes.subarray(0, end)
  // A bare LF may end a line for some parser: this one must not look for the end behind it.
  if (/(?:^|[^\r])\n/.test(head.toString('latin1')) || head.length > maxHeadBytes) return other
  return end < 0 ? undecided : end + headEnd.length
}
