import { malformed } from './malformed.ts'
import { parseV1 } from './parse-v1.ts'
import { parseV2 } from './parse-v2.ts'
import type { ParsedHeader } from './parsed-header.ts'
import { signature } from './signature.ts'

const lineStart = Buffer.from('PROXY ')

/**
 * Reads a PROXY protocol header of either version. For as long as it returns undefined, call it
 * again with more behind the same bytes: it does so for less than 4,112 of them, and not where what
 * has come cannot become a header.
 * @throws {GatewayError} `proxy-header-invalid`
 */
export function parseProxyHeader(bytes: Buffer): ParsedHeader | undefined {
  if (mayBegin(bytes, signature)) return parseV2(bytes)
  if (mayBegin(bytes, lineStart)) return parseV1(bytes)
  throw malformed('there is none')
}

/** As far as there are bytes. */
function mayBegin(bytes: Buffer, expected: Buffer): boolean {
  const known = Math.min(bytes.length, expected.length)
  return bytes.compare(expected, 0, known, 0, known) === 0
}
