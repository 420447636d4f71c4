import type { z } from 'zod'
import { knownKeys, nearestKey } from './known-keys.ts'
import { isPlanned } from './planned-keys.ts'
import type { KeyPath, Problem } from './problem.ts'
import { words } from './scalars.ts'
import type { CheckedFile } from './schema.ts'
import { ConfigFile } from './schema.ts'
import { schemaJson } from './schema-json.ts'
import type { Source } from './source.ts'

type Issue = z.core.$ZodIssue

/** The values checked against the schema: what it makes of them, or all that it finds wrong. */
export function checkSchema(source: Source): { checked?: CheckedFile; problems: Problem[] } {
  const result = ConfigFile.safeParse(source.value, { error: expectation })
  if (result.success) return { checked: result.data, problems: [] }
  return { problems: result.error.issues.flatMap((issue) => problemsOf(issue, [], source)) }
}

const shapes: Readonly<Record<string, string>> = {
  string: 'a text (in quotes, where it looks like something else)',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  array: 'a list',
  object: 'a mapping',
  record: 'a mapping',
}

/** The second half of a message where the schema does not have its own. */
function expectation(issue: z.core.$ZodRawIssue): string {
  if (issue.code === 'invalid_type') return shapes[issue.expected] ?? issue.expected
  if (issue.code === 'invalid_value') return words(issue.values)
  if (issue.code === 'too_small') return 'at least one entry'
  return 'another value'
}

function problemsOf(issue: Issue, above: KeyPath, source: Source): Problem[] {
  const path = [...above, ...issue.path.map((key) => (typeof key === 'symbol' ? String(key) : key))]
  if (issue.code === 'unrecognized_keys')
    return issue.keys.map((key) => unknownKey([...path, key], source))
  if (issue.code === 'invalid_union') {
    const branch = fittingBranch(issue.errors)
    if (branch !== undefined) return branch.flatMap((inner) => problemsOf(inner, path, source))
  }
  if (issue.code === 'invalid_key') {
    const expected = issue.issues[0]?.message ?? issue.message
    return [{ path, found: 'this name', expected, ...keyOffset(path, source) }]
  }
  return [{ path, expected: issue.message }]
}

/**
 * The alternative that was meant, judged by the kind of the value: its complaints say more than
 * "one of these".
 */
function fittingBranch(branches: readonly Issue[][]): Issue[] | undefined {
  const fitting = branches.filter((issues) =>
    issues.every(
      ({ code, path }) => path.length > 0 || (code !== 'invalid_type' && code !== 'invalid_value'),
    ),
  )
  // Of several mappings the one with the fewest strange keys, then the fewest mistakes, where there
  // is one.
  const ranked = fitting.map((issues) => ({
    issues,
    rank: strangers(issues) * 100 + issues.length,
  }))
  ranked.sort((a, b) => a.rank - b.rank)
  const [best, next] = ranked
  return best !== undefined && best.rank !== next?.rank ? best.issues : undefined
}

function strangers(issues: readonly Issue[]): number {
  let count = 0
  for (const issue of issues) if (issue.code === 'unrecognized_keys') count += issue.keys.length
  return count
}

function unknownKey(path: KeyPath, source: Source): Problem {
  const offset = keyOffset(path, source)
  if (isPlanned(path))
    return { path, found: 'a key that is not supported yet', expected: 'none', ...offset }
  const known = knownKeys(schemaJson(), path.slice(0, -1))
  // A mapping that may be written in several ways, and is written in two of them.
  if (known.includes(String(path.at(-1)))) {
    const found = 'it beside keys that it does not go with'
    return { path, found, expected: 'keys of one form only', ...offset }
  }
  const nearest = nearestKey(String(path.at(-1)), known)
  // That the right key is missing is the same mistake.
  const meant = [...path.slice(0, -1), nearest ?? '']
  if (nearest !== undefined && !source.has(meant)) source.markBroken(meant)
  return { path, found: 'an unknown key', expected: nearest ?? `one of ${words(known)}`, ...offset }
}

function keyOffset(path: KeyPath, source: Source): { offset: number } | undefined {
  const offset = source.keyAt(path)
  return offset === undefined ? undefined : { offset }
}
