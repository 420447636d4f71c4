/**
 * A certificate's subject as one line (RFC 4514): the last RDN of the certificate first, in ASCII
 * whatever is in it, so that it may stand in a header or a log.
 * @param printed as X509Certificate gives it: an RDN a line, values escaped, several attributes of
 * one RDN as `A=x + B=y`
 */
export function subjectText(printed: string | undefined): string {
  return (printed ?? '')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => line.replaceAll(' + ', '+').replace(/[^\x20-\x7e]/gu, escaped))
    .toReversed()
    .join(',')
}

function escaped(character: string): string {
  const hex = Buffer.from(character).toString('hex').toUpperCase()
  return hex.replace(/../g, '\\$&')
}

/**
 * The alternative names of a certificate, `DNS:a.example`, `URI:spiffe://a/b`, `IP:10.0.0.1`,
 * `email:a@b.example`; names in the DNS in lower case. What is not printable ASCII is left out: a
 * name that is cut off at a NUL elsewhere would be another.
 * @param printed as X509Certificate gives it: joined by `, `, what could be misread as a JSON
 * string
 * @returns nothing where that is not its form
 */
export function alternativeNames(printed = ''): readonly string[] {
  const names: string[] = []
  let read = 0
  for (const [all, type = '', written = ''] of printed.matchAll(entry)) {
    read += all.length
    const value = unquoted(written)
    if (value === undefined || !/^[\x20-\x7e]+$/.test(value)) continue
    if (type === 'DNS') names.push(`DNS:${value.toLowerCase()}`)
    else names.push(`${type === 'IP Address' ? 'IP' : type}:${value}`)
  }
  return read === printed.length ? names : []
}

const entry = /(?:^|, )([A-Za-z][A-Za-z ]*):("(?:[^"\\]|\\.)*"|[^,"]*)(?=, |$)/g

function unquoted(written: string): string | undefined {
  if (!written.startsWith('"')) return written
  try {
    const value: unknown = JSON.parse(written)
    return typeof value === 'string' ? value : undefined
  } catch {
    // Not the form that Node promises: a name that nobody can be sure of.
    return undefined
  }
}
