import { isIPv4, isIPv6 } from 'node:net'
import { malformed } from './malformed.ts'
import type { ParsedHeader } from './parsed-header.ts'

/** The longest line that there can be, its CR LF included (section 2.1). */
const maxBytes = 107

/** Of UNKNOWN nothing else is looked at, as a receiver must not. Ports have no leading zeros. */
const form =
  /^PROXY (?:UNKNOWN(?: .*)?|TCP([46]) ([\d.A-Fa-f:]+) ([\d.A-Fa-f:]+) (0|[1-9]\d{0,4}) (0|[1-9]\d{0,4}))$/s

/**
 * Reads the line of version 1.
 * @param bytes beginning with `PROXY `, or a part of that
 * @returns undefined where the line's end has not come yet
 * @throws {GatewayError} `proxy-header-invalid`
 */
export function parseV1(bytes: Buffer): ParsedHeader | undefined {
  const end = bytes.subarray(0, maxBytes).indexOf('\r\n')
  if (end === -1) {
    if (bytes.length >= maxBytes) throw malformed(`no line of ${maxBytes} bytes at most`)
    return undefined
  }
  const fields = form.exec(bytes.toString('latin1', 0, end))
  if (fields === null) throw malformed('the line has another form')
  const [, family, from = '', to = '', fromPort, toPort] = fields
  const length = end + 2
  if (family === undefined) return { length, endpoints: undefined }
  // Leading zeros, which some read as octal, are in neither's form.
  const isAddress = family === '4' ? isIPv4 : isIPv6
  if (!isAddress(from) || !isAddress(to)) throw malformed('an address is none of its family')
  const source = { address: from, port: Number(fromPort) }
  const destination = { address: to, port: Number(toPort) }
  if (source.port > 65_535 || destination.port > 65_535) throw malformed('a port is none')
  return { length, endpoints: { source, destination } }
}
