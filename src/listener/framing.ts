import { GatewayError } from '../errors.ts'
import type { HeaderLines } from './header-lines.ts'

/** Where a request's body ends, as its head declares it. */
export interface Framing {
  /** A Content-Length above 0, or a Transfer-Encoding. */
  readonly hasBody: boolean
  readonly contentLength: number | undefined
}

/**
 * Reads Content-Length and Transfer-Encoding, of which duplicates were refused. Anything that two
 * parsers might read in two ways is how requests are smuggled (RFC 9112 section 11.2), so that
 * nothing but the plainest form passes.
 * @throws {GatewayError} `request-malformed`
 */
export function readFraming(headers: HeaderLines, httpVersion: '1.0' | '1.1'): Framing {
  const length = headers.one('content-length')
  const coding = headers.one('transfer-encoding')
  if (coding !== undefined) {
    if (length !== undefined) throw malformed('both Content-Length and Transfer-Encoding')
    if (httpVersion === '1.0') throw malformed('a Transfer-Encoding in HTTP/1.0')
    if (coding.toLowerCase() !== 'chunked') throw malformed('a Transfer-Encoding but chunked')
    return { hasBody: true, contentLength: undefined }
  }
  if (length === undefined) return { hasBody: false, contentLength: undefined }
  const bytes = Number(length)
  if (!/^\d+$/.test(length) || !Number.isSafeInteger(bytes)) {
    throw malformed('the Content-Length is no number of bytes')
  }
  return { hasBody: bytes > 0, contentLength: bytes }
}

function malformed(message: string): GatewayError {
  return new GatewayError('request-malformed', message)
}
