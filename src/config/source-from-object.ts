import type { Sources } from './interpolate.ts'
import { interpolate, InterpolationError, referencedFiles, referenceNames } from './interpolate.ts'
import type { KeyPath } from './problem.ts'
import { shownText, Source } from './source.ts'

/** The files that the texts of a configuration name by `${file:…}`. */
export function filesInObject(value: unknown): string[] {
  if (typeof value === 'string') return referencedFiles(value)
  return value instanceof Object
    ? Object.values(value).flatMap((inner) => filesInObject(inner))
    : []
}

/**
 * A configuration that is an object already, from flags or a program: it has paths, but no places
 * in a file.
 */
export function sourceFromObject(input: unknown, sources: Sources | undefined): Source {
  const source = new Source('', () => undefined)
  source.value = copy(input, [], source, sources)
  return source
}

function copy(
  value: unknown,
  path: KeyPath,
  source: Source,
  sources: Sources | undefined,
): unknown {
  if (typeof value === 'string') return copyText(value, path, source, sources)
  if (Array.isArray(value)) {
    source.add(path, { shown: value.length > 0 ? 'a list' : 'an empty list' })
    return value.map((item, at) => copy(item, [...path, at], source, sources))
  }
  if (typeof value === 'object' && value !== null) {
    const entries = Object.entries(value).filter(([, inner]) => inner !== undefined)
    source.add(path, { shown: entries.length > 0 ? 'a mapping' : 'an empty mapping' })
    return Object.fromEntries(
      entries.map(([key, inner]) => [key, copy(inner, [...path, key], source, sources)]),
    )
  }
  if (typeof value === 'number' || typeof value === 'boolean') {
    source.add(path, { shown: String(value), verbatim: true })
  } else if (value !== undefined && value !== null) {
    source.add(path, { shown: `a ${typeof value}` })
  }
  return value
}

function copyText(
  text: string,
  path: KeyPath,
  source: Source,
  sources: Sources | undefined,
): string {
  const replaced = sources !== undefined && text.includes('${')
  if (!replaced) {
    source.add(path, { shown: shownText(text) || 'an empty text', verbatim: text !== '' })
    return text
  }
  source.add(path, { shown: `a value from ${referenceNames(text)}` })
  try {
    return interpolate(text, sources)
  } catch (error) {
    if (!(error instanceof InterpolationError)) throw error
    source.breakAt({ path, found: error.found, expected: error.expected })
    return ''
  }
}
