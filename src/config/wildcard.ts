/**
 * Texts with gaps: what stands between the `*` of a pattern. Compared part by part instead of by a
 * regular expression, whose time a text could be chosen to blow up.
 */
export type Wildcard = readonly string[]

/** @param pattern in which every `*` stands for any text, an empty one too */
export function parseWildcard(pattern: string): Wildcard {
  return pattern.split('*')
}

export function fitsWildcard(parts: Wildcard, text: string): boolean {
  const first = parts[0] ?? ''
  const last = parts.at(-1) ?? ''
  if (parts.length < 2) return text === first
  if (text.length < first.length + last.length) return false
  if (!text.startsWith(first) || !text.endsWith(last)) return false
  let at = first.length
  const end = text.length - last.length
  for (const part of parts.slice(1, -1)) {
    // The first place is the best: it leaves most to those that follow.
    const found = text.indexOf(part, at)
    if (found === -1 || found + part.length > end) return false
    at = found + part.length
  }
  return true
}
