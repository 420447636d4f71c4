/**
 * A path as routes match it: exact, or `/prefix/*`. It must be canonical, so that there is one way
 * to write it: ASCII, no escape, parameter, empty, dotted or blank-ended segment.
 */
export function isPathPattern(text: string): boolean {
  const path = text.endsWith('/*') ? text.slice(0, -1) : text
  if (!/^\/[!"$&'()+,\-./:=@[\]^_`{|}~\w<>]*$/.test(path) || path.includes('//')) return false
  // A trailing dot and `::$…` are what Windows drops from a name.
  return path.split('/').every((segment) => !segment.endsWith('.') && !/:\$/.test(segment))
}

/**
 * What patterns have in common that differ only in case or a trailing slash: no backend tells them
 * apart for sure.
 */
export function foldPathPattern(pattern: string): string {
  const folded = pattern.toLowerCase()
  return folded.length > 1 && folded.endsWith('/') ? folded.slice(0, -1) : folded
}

/**
 * Whether every path that `inner` matches is matched by `outer` too. Exact patterns take a trailing
 * slash.
 */
export function containsPath(outer: string, inner: string): boolean {
  const [out, into] = [foldPathPattern(outer), foldPathPattern(inner)]
  if (!out.endsWith('/*')) return out === into
  const prefix = out.slice(0, -1)
  return `${into.endsWith('/*') ? into.slice(0, -2) : into}/`.startsWith(prefix)
}
