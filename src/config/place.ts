import { isToken } from './token.ts'

/** Where in a request a credential may stand. */
export type Place =
  | { readonly kind: 'header'; readonly name: string }
  | { readonly kind: 'cookie'; readonly name: string }
  | { readonly kind: 'query'; readonly name: string }
  | { readonly kind: 'subprotocol' }

/**
 * Reads `header`, `query:NAME`, `cookie:NAME` or `subprotocol`.
 * @param header the header that `header` means, in lower case
 * @returns undefined where it is none of these
 */
export function parsePlace(text: string, header: string): Place | undefined {
  if (text === 'header') return { kind: 'header', name: header }
  if (text === 'subprotocol') return { kind: 'subprotocol' }
  const [, kind, name = ''] = /^(query|cookie):(.+)$/s.exec(text) ?? []
  // What a browser would escape in a query is not looked for there; a cookie's name is a token (RFC
  // 6265 section 4.1.1).
  if (kind === 'query' && /^[\w.~-]+$/.test(name)) return { kind, name }
  return kind === 'cookie' && isToken(name) ? { kind, name } : undefined
}
