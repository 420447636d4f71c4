import type { KeyPath } from './problem.ts'
import type { JsonSchema } from './schema-json.ts'

/** The keys that a mapping at the path may have. */
export function knownKeys(schema: JsonSchema, path: KeyPath): string[] {
  let candidates = alternatives(schema)
  for (const key of path) candidates = candidates.flatMap((candidate) => step(candidate, key))
  return candidates.flatMap(({ properties }) => Object.keys(properties ?? {}))
}

/**
 * The known key that the written one is most likely meant to be: but for case, or with at most two
 * letters wrong.
 */
export function nearestKey(written: string, known: readonly string[]): string | undefined {
  const ranked = known.map((key) => ({
    key,
    edits: edits(written.toLowerCase(), key.toLowerCase()),
  }))
  ranked.sort((a, b) => a.edits - b.edits)
  const best = ranked[0]
  if (best === undefined) return undefined
  return best.edits <= Math.min(2, Math.floor(best.key.length / 3)) ? best.key : undefined
}

function step(schema: JsonSchema, key: string | number): JsonSchema[] {
  if (typeof key === 'number') return schema.items === undefined ? [] : alternatives(schema.items)
  const own = schema.properties !== undefined && Object.hasOwn(schema.properties, key)
  const next = own ? schema.properties[key] : schema.additionalProperties
  return next instanceof Object ? alternatives(next) : []
}

function alternatives(schema: JsonSchema): JsonSchema[] {
  return [schema, ...(schema.anyOf ?? []).flatMap((inner) => alternatives(inner))]
}

/** Levenshtein's distance. */
function edits(a: string, b: string): number {
  let previous = Array.from({ length: b.length + 1 }, (_, at) => at)
  for (let i = 1; i <= a.length; i++) {
    const row = [i]
    for (let j = 1; j <= b.length; j++) {
      const swap = previous[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1)
      row.push(Math.min(previous[j]! + 1, row[j - 1]! + 1, swap))
    }
    previous = row
  }
  return previous[b.length]!
}
