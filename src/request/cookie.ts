import { trimBlanks } from '../websocket/token-list.ts'

/**
 * The values that the Cookie lines have for a name (RFC 6265 section 5.4), without quotes around
 * them.
 */
export function cookieValues(lines: readonly string[], name: string): string[] {
  const values: string[] = []
  for (const line of lines) {
    for (const pair of line.split(';')) {
      if (nameOf(pair) === name)
        values.push(unquoted(trimBlanks(pair.slice(pair.indexOf('=') + 1))))
    }
  }
  return values
}

/**
 * A Cookie line without cookies of these names; undefined where nothing is left. The others stay as
 * they were written.
 */
export function withoutCookies(line: string, names: ReadonlySet<string>): string | undefined {
  const pairs = line.split(';')
  const kept = pairs.filter((pair) => !names.has(nameOf(pair)))
  if (kept.length === pairs.length) return line
  const left = trimBlanks(kept.join(';'))
  return left === '' ? undefined : left
}

/** Empty for a pair without a name, which no place is called. */
function nameOf(pair: string): string {
  const end = pair.indexOf('=')
  return end === -1 ? '' : trimBlanks(pair.slice(0, end))
}

function unquoted(value: string): string {
  return /^".*"$/s.test(value) ? value.slice(1, -1) : value
}
