import type { Identity } from '../auth/identity.ts'
import { claimAt } from '../config/claim.ts'
import { foldHeaderName } from '../config/identity-header.ts'

/**
 * The header lines by which an upstream learns who a client is, name and value alternating: those
 * that come with the credential, then the operator's, which stand alone under their names. What
 * cannot be a header value is left out: nobody at all is safer than half a name.
 * @param sources header name -> `subject`, `name` or `claims.NAME`
 */
export function identityHeaderLines(
  identity: Identity,
  sources: Readonly<Record<string, string>>,
): string[] {
  const lines: string[] = []
  for (const [name, source] of Object.entries(sources)) {
    const value = headerValue(sourceOf(identity, source))
    if (value !== undefined) lines.push(name, value)
  }
  return withOwnLines(identity.headers, lines)
}

/**
 * The lines with ours at the end, and without the others' of the same names, whichever way they are
 * spelled.
 */
export function withOwnLines(lines: readonly string[], own: readonly string[]): string[] {
  const names = new Set<string>()
  for (let at = 0; at < own.length; at += 2) names.add(foldHeaderName(own[at]!))
  const kept: string[] = []
  for (let at = 0; at + 1 < lines.length; at += 2) {
    if (!names.has(foldHeaderName(lines[at]!))) kept.push(lines[at]!, lines[at + 1]!)
  }
  return [...kept, ...own]
}

function sourceOf(identity: Identity, source: string): unknown {
  if (source === 'subject') return identity.subject
  if (source === 'name') return identity.name
  return claimAt(identity.claims, source.slice('claims.'.length))
}

/**
 * As UTF-8 in the latin1 text that header lines are. A list is its elements with commas between
 * them, so that one with a comma in it, which would read as two, is left out like everything that
 * is neither text, number, boolean nor a list of these.
 */
function headerValue(value: unknown): string | undefined {
  const parts: readonly unknown[] = Array.isArray(value) ? value : [value]
  const texts: string[] = []
  for (const part of parts) {
    if (typeof part !== 'string' && typeof part !== 'number' && typeof part !== 'boolean')
      return undefined
    texts.push(String(part))
  }
  if (Array.isArray(value) && texts.some((part) => part.includes(','))) return undefined
  const text = texts.join(',')
  if (text === '' || /[\p{Cc}\u2028\u2029]/u.test(text)) return undefined
  return Buffer.from(text).toString('latin1')
}
