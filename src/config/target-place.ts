import { isToken } from './token.ts'

/** What of a request says where it wants to go. */
export type TargetPlace =
  | { readonly kind: 'query'; readonly name: string }
  /** The name in lower case. */
  | { readonly kind: 'header'; readonly name: string }
  /** What the path has behind the prefix of its route. */
  | { readonly kind: 'path' }
  /** The Host, without its port. */
  | { readonly kind: 'host' }
  | { readonly kind: 'subject' }
  /** A claim of who has logged in; without `path` all of them. */
  | { readonly kind: 'claim'; readonly path: string | undefined }

/**
 * Reads `query:NAME`, `header:NAME`, `path`, `host`, `identity:subject`, `identity:claims` or
 * `identity:claims.NAME`.
 * @returns undefined where it is none of these
 */
export function parseTargetPlace(text: string): TargetPlace | undefined {
  if (text === 'path' || text === 'host') return { kind: text }
  if (text === 'identity:subject') return { kind: 'subject' }
  if (text === 'identity:claims') return { kind: 'claim', path: undefined }
  const [, kind, name = ''] = /^(query|header|identity):(.+)$/s.exec(text) ?? []
  // What a browser would escape in a query is not looked for there.
  if (kind === 'query') return /^[\w.~-]+$/.test(name) ? { kind, name } : undefined
  if (kind === 'header') return isToken(name) ? { kind, name: name.toLowerCase() } : undefined
  const [, path] = /^claims\.(.+)$/s.exec(name) ?? []
  return path === undefined ? undefined : { kind: 'claim', path }
}
