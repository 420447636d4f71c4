import { maxHeadBytes } from '../config/fixed-limits.ts'
import type { Socket } from 'node:net'

const start = Buffer.from('HTTP/1.1 1')
const one = start.at(-1)
const headEnd = Buffer.from('\r\n\r\n')

/** Whose answer it is. */
export interface InterimCounter {
  /** Asked for each interim answer; false lets it through, for the parser's user to refuse. */
  countInterim(): boolean
}

/**
 * Takes interim answers (1xx, but no 101) out of what a socket reads. undici skips them itself, but
 * for `100 Continue`: as we never send Expect it calls that a broken answer, where a client has to
 * live with it (RFC 9110 section 15.2).
 *
 * undici reads by `socket.read()`, once per 'readable'. Wrapping that one method costs nothing once
 * the answer has begun; a Transform around the socket would touch every byte.
 */
export class InterimFilter {
  readonly #read: (size?: number) => Buffer | null
  #counter: InterimCounter | undefined
  /** The start of an answer, as long as it cannot be told what it is. */
  #held: Buffer | undefined

  constructor(socket: Socket) {
    this.#read = socket.read.bind(socket)
    // read(0) takes nothing: it is how the stream asks itself for more.
    socket.read = (size?: number) =>
      this.#counter !== undefined && size !== 0 ? this.#next(this.#counter) : this.#read(size)
  }

  /** An answer begins with the next byte. */
  arm(counter: InterimCounter): void {
    this.#counter = counter
    this.#held = undefined
  }

  #next(counter: InterimCounter): Buffer | null {
    for (let chunk = this.#read(); chunk !== null; chunk = this.#read()) {
      let bytes = this.#held === undefined ? chunk : Buffer.concat([this.#held, chunk])
      this.#held = undefined
      let length = interimLength(bytes)
      while (length > 0 && counter.countInterim()) {
        bytes = bytes.subarray(length)
        length = interimLength(bytes)
      }
      if (length !== undecided) {
        this.#counter = undefined
        return bytes
      }
      if (bytes.length > 0) this.#held = bytes
    }
    return null
  }
}

const final = -1
const undecided = 0

/**
 * @returns the length of the interim answer at the start of `bytes`, `final`, or `undecided` while
 * more is needed
 */
function interimLength(bytes: Buffer): number {
  // As nearly all are: the first digit of the status is another.
  if (bytes.length >= start.length && bytes[start.length - 1] !== one) return final
  const common = Math.min(bytes.length, start.length)
  if (bytes.compare(start, 0, common, 0, common) !== 0) return final
  const end = bytes.indexOf(headEnd)
  if (end < 0 && bytes.length < 'HTTP/1.1 100 '.length) return undecided
  const head = bytes.toString('latin1', 0, end < 0 ? bytes.length : end)
  // Unless it is plainly one it is left to the parser; a bare LF may end a line there, and would
  // hide what follows here.
  if (!/^HTTP\/1\.1 1(?:0[02-9]|[1-9]\d)(?: |\r|$)/.test(head)) return final
  if (/[^\r]\n/.test(head) || head.length > maxHeadBytes) return final
  return end < 0 ? undecided : end + headEnd.length
}
