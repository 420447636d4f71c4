/** A login name and a password, as RFC 7617 section 2 joins them. */
export interface BasicCredentials {
  readonly name: string
  readonly password: string
}

/**
 * Reads what follows `Basic`: base64 of UTF-8, split at the first colon; base64url and base64 without padding too.
 * @returns undefined where it is anything else; a name is never empty, and neither part has control
 * characters
 */
export function parseBasicCredentials(text: string): BasicCredentials | undefined {
  const bytes = Buffer.from(text, 'base64')
  const padded = bytes.toString('base64')
  // The decoder skips what is no base64. Without padding and in the URL's alphabet it may stand in queries and
  // subprotocols, where `=`, `+` and `/` cannot.
  const forms = [padded, padded.replace(/=+$/, ''), bytes.toString('base64url')]
  if (text === '' || !forms.includes(text)) return undefined
  let decoded: string
  try {
    decoded = utf8.decode(bytes)
  } catch {
    // Latin-1, which some clients send in spite of the challenge: nobody could tell which
    // characters were meant.
    return undefined
  }
  const colon = decoded.indexOf(':')
  if (colon < 1 || /\p{Cc}/u.test(decoded)) return undefined
  return { name: decoded.slice(0, colon), password: decoded.slice(colon + 1) }
}

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })
