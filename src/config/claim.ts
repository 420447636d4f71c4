/**
 * The claim that a dotted path of the configuration names. Names of claims may have dots themselves
 * (`https://example.com/roles`), so that the longest one that is there counts. Own properties only:
 * a token has no claim `constructor` unless its issuer put one in.
 */
export function claimAt(claims: unknown, path: string): unknown {
  if (!isClaims(claims)) return undefined
  if (Object.hasOwn(claims, path)) return claims[path]
  for (let dot = path.lastIndexOf('.'); dot > 0; dot = path.lastIndexOf('.', dot - 1)) {
    const name = path.slice(0, dot)
    if (Object.hasOwn(claims, name)) return claimAt(claims[name], path.slice(dot + 1))
  }
  return undefined
}

function isClaims(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
