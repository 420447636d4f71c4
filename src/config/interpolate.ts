/** Where `${NAME}` and `${file:path}` get their values. */
export interface Sources {
  readonly env: Readonly<Record<string, string | undefined>>
  /** The text of a file as `${file:…}` names it. @throws {Error} where it cannot be read */
  readonly file: (path: string) => string
}

/**
 * A reference that cannot be replaced: `found` and `expected` are the two halves of the message.
 */
export class InterpolationError extends Error {
  override readonly name = 'InterpolationError'
  readonly found: string
  readonly expected: string

  constructor(found: string, expected: string, options?: ErrorOptions) {
    super(`found ${found}, expected ${expected}`, options)
    this.found = found
    this.expected = expected
  }
}

const reference = /\$\{([^}]*)(\}?)/g
const inside = /^(?:file:(?<path>.+)|(?<name>[A-Za-z_]\w*)(?<fallback>:-.*)?)$/s

/** The files that the text names, as it names them. */
export function referencedFiles(text: string): string[] {
  return [...text.matchAll(reference)].flatMap(([, body = '']) => {
    const path = inside.exec(body)?.groups?.['path']
    return path === undefined ? [] : [path]
  })
}

/** What a message may say of the references in a text: their names, not their defaults. */
export function referenceNames(text: string): string {
  const names = [...text.matchAll(reference)].map(
    ([, body = '']) => `\${${body.replace(/:-.*$/s, '')}}`,
  )
  return names.join(' and ')
}

/**
 * Replaces every reference once: a value that looks like a reference stays as it is.
 * @throws {InterpolationError} an unset variable without a default, an unreadable file, a reference
 * that is none, or one
 *   inside another: its end would be taken for that of the outer one, and the rest stay in the value
 */
export function interpolate(text: string, sources: Sources): string {
  return text.replace(reference, (whole, body: string, end: string) => {
    const { path, name, fallback } = inside.exec(body)?.groups ?? {}
    if (fallback?.includes('${') === true) {
      throw new InterpolationError('a reference inside a default', 'a default without references')
    }
    if (path?.includes('${') === true) {
      throw new InterpolationError('a reference inside a path', 'a path without references')
    }
    if (end === '' || (path === undefined && name === undefined)) {
      throw new InterpolationError(
        'an incomplete reference',
        '${NAME}, ${NAME:-default} or ${file:path}',
      )
    }
    if (path !== undefined) return readSource(path, sources)
    const value = Object.hasOwn(sources.env, name!) ? sources.env[name!] : undefined
    if (fallback !== undefined)
      return value === undefined || value === '' ? fallback.slice(2) : value
    if (value === undefined) {
      throw new InterpolationError(
        `\${${name}}, which is not set`,
        'a variable that is set, or a default: ${NAME:-default}',
      )
    }
    return value
  })
}

/** Whether the text is one reference and nothing else. */
export function isOneReference(text: string): boolean {
  return /^\$\{[^}]*\}$/.test(text)
}

/**
 * Reads a text as an unquoted YAML scalar (YAML 1.2, core schema), as far as numbers and booleans
 * go. What would be a collection, a quoted text or null stays text: a value can never change the
 * structure.
 */
export function readPlain(text: string): string | number | boolean {
  if (/^(?:true|True|TRUE)$/.test(text)) return true
  if (/^(?:false|False|FALSE)$/.test(text)) return false
  if (/^[-+]?(?:\.\d+|\d+(?:\.\d*)?)(?:[eE][-+]?\d+)?$/.test(text)) return Number(text)
  if (/^0o[0-7]+$/.test(text) || /^0x[\da-fA-F]+$/.test(text)) return Number(text)
  return text
}

function readSource(path: string, sources: Sources): string {
  try {
    return sources.file(path).replace(/\r?\n$/, '')
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause)
    throw new InterpolationError(`\${file:${path}}, which ${reason}`, 'a readable text file', {
      cause,
    })
  }
}
