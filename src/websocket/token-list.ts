const tokenPattern = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/

/** Whether `text` is a token (RFC 9110 section 5.6.2). */
export function isToken(text: string): boolean {
  return tokenPattern.test(text)
}

/**
 * Optional white space (RFC 9110 section 5.6.3) taken off both ends; `trim()` would take a no-break
 * space, too.
 */
export function trimBlanks(text: string): string {
  return text.replace(/^[ \t]+/, '').replace(/(?<![ \t])[ \t]+$/, '')
}

/**
 * The elements of a comma-separated list that may stand on several lines, without the white space
 * around them. Empty elements do not count (RFC 9110 section 5.6.1.2). Not for lists with quoted
 * strings in them.
 */
export function listElements(lines: readonly string[]): string[] {
  const elements: string[] = []
  for (const line of lines) {
    for (const part of line.split(',')) {
      const element = trimBlanks(part)
      if (element !== '') elements.push(element)
    }
  }
  return elements
}

/** @returns undefined where there is no element, or one that is no token */
export function parseTokens(lines: readonly string[]): string[] | undefined {
  const elements = listElements(lines)
  return elements.length > 0 && elements.every(isToken) ? elements : undefined
}

/** Whether the list names `token`, in any case. @param token in lower case */
export function listsToken(lines: readonly string[], token: string): boolean {
  // As nearly all lists are, in a handshake.
  if (lines.length === 1 && lines[0]!.toLowerCase() === token) return true
  return listElements(lines).some((element) => element.toLowerCase() === token)
}
