/** The head of a 101 that reads plainly. */
export interface SwitchingHead {
  /** Name and value alternating; names in lower case. */
  readonly headers: readonly string[]
  /** Where what stands behind it begins. */
  readonly end: number
}

/** Heads of servers in good order are a tenth of this. */
const longest = 4_096

const start = Buffer.from('HTTP/1.1 101')
const headEnd = Buffer.from('\r\n\r\n')

/** CR LF at every end of line, no blank before a colon, no folded line, nothing but printable text. */
const plain =
  /^HTTP\/1\.1 101(?: [\t\x20-\x7e\x80-\xff]*)?\r\n(?:[!#$%&'*+.^_`|~0-9A-Za-z-]+:[\t\x20-\x7e\x80-\xff]*\r\n)+$/

/** They decide about a body, which is for a parser to judge. */
const framing = /\r\n(?:content-length|transfer-encoding):/i

/**
 * Reads the head of a 101 that no two readers of HTTP/1.1 take for different things, which is nearly
 * every answer that a dial gets: Node's client costs several times the rest of a handshake.
 * Everything else is left to that client, malformed heads and other answers alike.
 * @returns `partial` as long as it can still become one, `other` where it is none
 */
export function readSwitchingHead(bytes: Buffer): SwitchingHead | 'partial' | 'other' {
  const common = Math.min(bytes.length, start.length)
  if (bytes.compare(start, 0, common, 0, common) !== 0) return 'other'
  const last = bytes.indexOf(headEnd)
  if (last > longest || (last < 0 && bytes.length > longest)) return 'other'
  if (last < 0) return 'partial'
  const text = bytes.toString('latin1', 0, last + 2)
  if (!plain.test(text) || framing.test(text)) return 'other'
  return { headers: linesOf(text), end: last + headEnd.length }
}

function linesOf(text: string): string[] {
  const headers: string[] = []
  for (let at = text.indexOf('\r\n') + 2; at < text.length;) {
    const colon = text.indexOf(':', at)
    const end = text.indexOf('\r\n', colon)
    headers.push(text.slice(at, colon).toLowerCase(), withoutBlanks(text, colon + 1, end))
    at = end + 2
  }
  return headers
}

function withoutBlanks(text: string, from: number, to: number): string {
  while (from < to && isBlank(text.charCodeAt(from))) from++
  while (from < to && isBlank(text.charCodeAt(to - 1))) to--
  return text.slice(from, to)
}

function isBlank(code: number): boolean {
  return code === 0x20 || code === 0x09
}
