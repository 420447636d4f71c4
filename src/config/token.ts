/**
 * Whether the text is a token of HTTP (RFC 9110 section 5.6.2): the name of a header, a cookie, a
 * subprotocol.
 */
export function isToken(text: string): boolean {
  return /^[!#$%&'*+.^_`|~\w-]+$/.test(text)
}
