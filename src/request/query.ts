/**
 * The values that a query has for a key. Keys are compared as backends will read them, escapes
 * decoded; so are the values returned. A `+` is itself: no credential has blanks, and base64 has
 * plus signs.
 * @param query with its `?`, or empty
 */
export function queryValues(query: string, key: string): string[] {
  const values: string[] = []
  for (const pair of pairs(query)) {
    const [name, value] = split(pair)
    if (decoded(name) === key) values.push(decoded(value))
  }
  return values
}

/**
 * The query without the keys; every other byte stays, the order and empty pairs too. @returns with
 * its `?`, or empty
 */
export function withoutKeys(query: string, keys: ReadonlySet<string>): string {
  const all = pairs(query)
  const kept = all.filter((pair) => !keys.has(decoded(split(pair)[0])))
  if (kept.length === all.length) return query
  return kept.length === 0 ? '' : `?${kept.join('&')}`
}

function pairs(query: string): string[] {
  return query.length < 2 ? [] : query.slice(1).split('&')
}

function split(pair: string): [name: string, value: string] {
  const end = pair.indexOf('=')
  return end === -1 ? [pair, ''] : [pair.slice(0, end), pair.slice(end + 1)]
}

/** Escapes as bytes of UTF-8; what is no escape stays as it is. */
function decoded(text: string): string {
  if (!text.includes('%')) return text
  const bytes = text.replace(/%([0-9a-f]{2})/gi, (_, hex: string) =>
    String.fromCharCode(Number.parseInt(hex, 16)),
  )
  return Buffer.from(bytes, 'latin1').toString()
}
