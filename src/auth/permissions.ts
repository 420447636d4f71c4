import { claimAt } from '../config/claim.ts'

/** What a token must say for its owner to pass, beyond being right. */
export interface Permissions {
  /** Claim -> the values of which it must have one, or, where it is a list, contain one. */
  readonly require: Readonly<Record<string, readonly string[]>>
  /** All of these, in `scope` or `scp`. */
  readonly scopes: readonly string[]
}

/** @returns the name of a claim or scope that is wanting; undefined where everything is there */
export function missingPermission(
  claims: Readonly<Record<string, unknown>>,
  { require, scopes }: Permissions,
): string | undefined {
  for (const [claim, allowed] of Object.entries(require)) {
    if (!textsOf(claimAt(claims, claim)).some((value) => allowed.includes(value))) return claim
  }
  if (scopes.length === 0) return undefined
  const granted = new Set([...scopesIn(claims, 'scope'), ...scopesIn(claims, 'scp')])
  return scopes.find((scope) => !granted.has(scope))
}

/** Scalars as the configuration writes them, and those in a list. */
function textsOf(value: unknown): string[] {
  const values: readonly unknown[] = Array.isArray(value) ? value : [value]
  return values.flatMap((each) =>
    typeof each === 'string' || typeof each === 'number' || typeof each === 'boolean'
      ? [String(each)]
      : [],
  )
}

/**
 * One text with blanks between them (RFC 8693 section 4.2), or a list, as some issuers write it.
 */
function scopesIn(claims: Readonly<Record<string, unknown>>, claim: string): string[] {
  if (!Object.hasOwn(claims, claim)) return []
  return textsOf(claims[claim]).flatMap((text) => text.split(' '))
}
