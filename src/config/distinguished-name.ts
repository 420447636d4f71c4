import { fitsWildcard } from './wildcard.ts'
import type { Wildcard } from './wildcard.ts'

/** One attribute of a name, such as `CN=device-7`. */
export interface Attribute {
  /** In upper case. */
  readonly type: string
  /** The texts between the `*` of a pattern; one text where there is none. */
  readonly value: Wildcard
}

/**
 * Reads a name as RFC 4514 writes it, `CN=device-7,O=Example\, Inc`. Blanks around types and values
 * do not count.
 * @param stars whether a `*` that is not escaped (`\2A`) stands for any text
 * @returns undefined where it is none
 */
export function parseName(text: string, stars: boolean): readonly Attribute[] | undefined {
  const attributes: Attribute[] = []
  for (const element of elements(text)) {
    const [, type, written = ''] =
      /^ *([A-Za-z][A-Za-z0-9-]*|\d+(?:\.\d+)+) *= *(.*)$/s.exec(element) ?? []
    const value = valueOf(written, stars)
    if (type === undefined || value === undefined) return undefined
    attributes.push({ type: type.toUpperCase(), value })
  }
  return attributes
}

/**
 * Whether a name has all the attributes of a pattern, in any order; it may have others too. A
 * common name is one: a name that has two could be taken for either, and fits no pattern of it. A
 * `*` never reaches beyond the value it stands in.
 */
export function fitsName(pattern: readonly Attribute[], name: readonly Attribute[]): boolean {
  return pattern.every(({ type, value }) => {
    const candidates = name.filter((attribute) => attribute.type === type)
    if (type === 'CN' && candidates.length > 1) return false
    return candidates.some((candidate) => fitsWildcard(value, candidate.value.join('*')))
  })
}

/**
 * What stands between commas, and between the plus signs that join several attributes of one RDN.
 */
function elements(text: string): string[] {
  const found: string[] = []
  let start = 0
  for (let at = 0; at < text.length; at++) {
    const character = text[at]
    if (character === '\\') {
      at += 1
    } else if (character === ',' || character === '+') {
      found.push(text.slice(start, at))
      start = at + 1
    }
  }
  return [...found, text.slice(start)]
}

/** Hex pairs are bytes of UTF-8, other escaped characters themselves (RFC 4514 section 3). */
function valueOf(written: string, stars: boolean): Wildcard | undefined {
  const tokens = written.match(/\\[0-9a-f]{2}|\\?./gisu) ?? []
  // An escaped blank at the end counts.
  while (tokens.at(-1) === ' ') tokens.pop()
  const texts: number[][] = [[]]
  for (const token of tokens) {
    if (/^\\[0-9a-z]?$/i.test(token)) return undefined
    if (token === '*' && stars) texts.push([])
    else if (token.length === 3) texts.at(-1)!.push(Number.parseInt(token.slice(1), 16))
    else texts.at(-1)!.push(...Buffer.from(token.replace(/^\\/, '')))
  }
  return texts.map((bytes) => Buffer.from(bytes).toString())
}
