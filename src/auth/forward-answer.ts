import { isUtf8 } from 'node:buffer'
import type { AuthAnswer } from './authenticator.ts'
import { listElements } from '../websocket/token-list.ts'
import type { ForwardAnswer } from './forward-server.ts'

/**
 * What belongs to the connection with the login server, or is the gateway's to write (RFC 9110
 * section 7.6.1).
 */
const notPassed = new Set([
  'alt-svc',
  'connection',
  'content-encoding',
  'content-length',
  'date',
  'http2-settings',
  'keep-alive',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
  'x-session-expires',
])

/**
 * The values of the lines of a name, in lower case, as text; those of names in Connection are
 * nobody's.
 */
export class AnswerHeaders {
  readonly #lines: readonly string[]
  readonly #nominated: ReadonlySet<string>

  constructor(lines: readonly string[]) {
    this.#lines = lines
    const connection = lines.filter((_, at) => at % 2 === 1 && isName(lines[at - 1]!, 'connection'))
    this.#nominated = new Set(listElements(connection).map((name) => name.toLowerCase()))
  }

  /** Whether no value has a character that no header may have. */
  get wellFormed(): boolean {
    // oxlint-disable-next-line no-control-regex -- control characters are what is looked for
    return this.#lines.every((text) => !/[^\t\x20-\x7e\x80-\xff]/.test(text))
  }

  /** As latin1 text. */
  all(name: string): readonly string[] {
    if (this.#nominated.has(name)) return []
    return this.#lines.filter((_, at) => at % 2 === 1 && isName(this.#lines[at - 1]!, name))
  }

  /** What a client may see of them. */
  passed(): string[] {
    const lines: string[] = []
    for (let at = 0; at + 1 < this.#lines.length; at += 2) {
      const name = this.#lines[at]!.toLowerCase()
      if (notPassed.has(name) || this.#nominated.has(name)) continue
      if (name.startsWith('proxy-') || name.startsWith('sec-websocket-')) continue
      lines.push(this.#lines[at]!, this.#lines[at + 1]!)
    }
    return lines
  }
}

/**
 * An answer for the client, as its own. A body that is compressed, although nobody asked for it, is
 * left out.
 */
export function passedAnswer({ status, body }: ForwardAnswer, headers: AnswerHeaders): AuthAnswer {
  const encoded = headers.all('content-encoding').some((coding) => !/^identity$/i.test(coding))
  return {
    kind: 'answer',
    status,
    headers: headers.passed(),
    body: encoded ? '' : body.toString(),
  }
}

/** A header's value as the text that its bytes are in UTF-8, where they are. */
export function textOf(value: string): string {
  const bytes = Buffer.from(value, 'latin1')
  return isUtf8(bytes) ? bytes.toString() : value
}

function isName(written: string, name: string): boolean {
  return written.toLowerCase() === name
}
