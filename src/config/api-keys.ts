import type { Node } from 'yaml'
import { isMap, isScalar, isSeq, LineCounter, parseDocument } from 'yaml'
import type { Fault } from './htpasswd.ts'
import { parseInstant } from './instant.ts'
import { tellSyntax } from './yaml-syntax.ts'

/** A key that lets pass; the gateway knows its hash only. */
export interface ApiKey {
  readonly name: string
  /** In hex, lower case. */
  readonly sha256: string
  /** Epoch milliseconds; Infinity for never. */
  readonly expiresAt: number
}

export interface ApiKeys {
  readonly keys: readonly ApiKey[]
  readonly faults: readonly Fault[]
}

/**
 * Reads a YAML or JSON file of API keys: a list of `{ name, sha256, expires }`, or a mapping of
 * names to `{ sha256, expires }` or to the hash alone.
 */
export function parseApiKeys(text: string): ApiKeys {
  const lines = new LineCounter()
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false, strict: true })
  const lineAt = (offset: number): number => lines.linePos(offset).line
  const [error] = document.errors
  if (error !== undefined) {
    const [offset] = error.pos
    const told = tellSyntax(
      error.code,
      error.message,
      text.slice(text.lastIndexOf('\n', offset - 1) + 1, offset + 1),
    )
    return { keys: [], faults: [{ line: lineAt(offset), ...told }] }
  }
  return new Reading(lineAt).file(document.contents)
}

const hashForm = 'the SHA-256 of the key: 64 hex digits'
const entryForm = 'a mapping with name and sha256'

class Reading {
  readonly #keys: ApiKey[] = []
  readonly #faults: Fault[] = []
  readonly #names = new Set<string>()
  readonly #hashes = new Set<string>()
  readonly #lineAt: (offset: number) => number
  #line = 1

  constructor(lineAt: (offset: number) => number) {
    this.#lineAt = lineAt
  }

  file(node: Node | null): ApiKeys {
    if (isSeq(node)) {
      for (const item of node.items) this.#entry(item, undefined)
    } else if (isMap(node)) {
      for (const { key, value } of node.items) {
        this.#moveTo(key)
        this.#entry(value, textOf(key) ?? '')
      }
    } else {
      this.#fault('something else', 'a list of keys, or a mapping of their names')
    }
    if (this.#keys.length === 0 && this.#faults.length === 0) {
      this.#fault('no key', 'at least one')
    }
    return { keys: this.#keys, faults: this.#faults }
  }

  /** @param named the name, where it stands in front of the entry */
  #entry(node: unknown, named: string | undefined): void {
    this.#moveTo(node)
    if (named !== undefined && isScalar(node)) return this.#add(named, textOf(node), undefined)
    if (!isMap(node)) return this.#fault('an entry that is no mapping', entryForm)
    const values = new Map<string, string | undefined>()
    const known = named === undefined ? ['name', 'sha256', 'expires'] : ['sha256', 'expires']
    for (const { key, value } of node.items) {
      const name = textOf(key) ?? ''
      if (known.includes(name)) {
        values.set(name, textOf(value) ?? '')
      } else {
        this.#moveTo(key)
        return this.#fault('an unknown key', known.join(', '))
      }
    }
    this.#add(named ?? values.get('name'), values.get('sha256'), values.get('expires'))
  }

  #add(name = '', hash = '', expires: string | undefined): void {
    const sha256 = hash.toLowerCase()
    const expiresAt = expires === undefined ? Infinity : parseInstant(expires)
    if (!/^[^\p{Cc}]{1,128}$/u.test(name)) {
      this.#fault('an entry without a name', 'a name of up to 128 printable characters')
    } else if (this.#names.has(name)) {
      this.#fault('a name a second time', 'each name once')
    } else if (!/^[\da-f]{64}$/.test(sha256)) {
      this.#fault('no hash', hashForm)
    } else if (this.#hashes.has(sha256)) {
      this.#fault('the key of another entry', 'a key of its own')
    } else if (expiresAt === undefined) {
      this.#fault('an unreadable expires', 'a date such as 2030-01-31 or 2030-01-31T12:00:00Z')
    } else {
      this.#names.add(name)
      this.#hashes.add(sha256)
      this.#keys.push({ name, sha256, expiresAt })
    }
  }

  #moveTo(node: unknown): void {
    if (isScalar(node) || isMap(node) || isSeq(node))
      this.#line = this.#lineAt(node.range?.[0] ?? 0)
  }

  #fault(found: string, expected: string): void {
    this.#faults.push({ line: this.#line, found, expected })
  }
}

/** As it is written: a hash of digits only is no number. */
function textOf(node: unknown): string | undefined {
  if (!isScalar(node) || node.value === null) return undefined
  return typeof node.value === 'string' ? node.value : (node.source ?? undefined)
}
