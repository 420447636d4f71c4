import { inspect } from 'node:util'
import type { KeyPath } from './problem.ts'

const secretKeys =
  /(?:^|[_.-])(?:key|apikey|token|password|passwd|passphrase|pass|pwd|secret|credential)s?$|[a-z](?:Key|Token|Password|Passphrase|Secret|Credential)s?$/

/**
 * Whether what stands at the path is, or lies under, a key that holds a secret: such text never
 * appears in a message.
 */
export function holdsSecret(path: KeyPath): boolean {
  return path.some(
    (key, at) => typeof key === 'string' && secretKeys.test(key) && !isHarmless(path, at),
  )
}

/**
 * Whether the key is the name of an authenticator, or its method: not all that stands under
 * `apiKey` is one.
 */
function isHarmless(path: KeyPath, at: number): boolean {
  return path[0] === 'authenticators' && (at === 1 || (at === 2 && path[at] === 'apiKey'))
}

/** The text without the user and password that a URL in it may carry: what URLs call userinfo. */
export function withoutUserinfo(text: string): string {
  return text.replace(/\/\/[^/?#\s]*@/g, '//[redacted]@')
}

/**
 * The same for what was meant as a URL and may be none: in a password that is not escaped there may
 * be a `/`, a `?`, a `#` or a blank, and the scheme may be missing. What could be a login is taken
 * for one, even where it was a path with an `@` in it.
 */
export function withoutLogin(text: string): string {
  return text.replace(
    /^(["']?(?:[a-z][\w+.-]*:)?\/\/|(?!["']?unix:)["']?(?=[^@]*(?::|\/\/))).*@/is,
    '$1[redacted]@',
  )
}

/**
 * A text that shows itself only where it is asked to: printed, logged or serialized it is
 * `[redacted]`.
 */
export class Secret {
  readonly #text: string

  constructor(text: string) {
    this.#text = text
  }

  reveal(): string {
    return this.#text
  }

  toString(): string {
    return redacted
  }

  toJSON(): string {
    return redacted
  }

  [inspect.custom](): string {
    return redacted
  }
}

const redacted = '[redacted]'
