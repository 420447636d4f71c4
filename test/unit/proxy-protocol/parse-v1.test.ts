import { expect, test } from 'vitest'
import { parseProxyHeader } from '../../../src/proxy-protocol/parse.ts'

const invalid = expect.objectContaining({ token: 'proxy-header-invalid' })

function parse(text: string): unknown {
  return parseProxyHeader(Buffer.from(text, 'latin1'))
}

test.each([
  ['TCP4 192.0.2.1 198.51.100.2 56324 443', '192.0.2.1', 56324, '198.51.100.2', 443],
  ['TCP4 255.255.255.255 255.255.255.255 65535 65535', ...ends('255.255.255.255', 65535)],
  ['TCP4 0.0.0.0 0.0.0.0 0 0', ...ends('0.0.0.0', 0)],
  ['TCP6 2001:db8::1 2001:DB8::2 1 2', '2001:db8::1', 1, '2001:DB8::2', 2],
  ['TCP6 ::ffff:192.0.2.1 ::1 1 2', '::ffff:192.0.2.1', 1, '::1', 2],
  [
    `TCP6 ${'ffff:'.repeat(7)}ffff ${'ffff:'.repeat(7)}ffff 65535 65535`,
    ...ends(`${'ffff:'.repeat(7)}ffff`, 65535),
  ],
])('reads: PROXY %s', (line, source, sourcePort, destination, destinationPort) => {
  expect(parse(`PROXY ${line}\r\nGET /`)).toEqual({
    length: line.length + 8,
    endpoints: {
      source: { address: source, port: sourcePort },
      destination: { address: destination, port: destinationPort },
    },
  })
})

function ends(address: string, port: number): [string, number, string, number] {
  return [address, port, address, port]
}

test.each([
  'UNKNOWN',
  'UNKNOWN 192.0.2.1 198.51.100.2 1 2',
  `UNKNOWN ${'ffff:'.repeat(7)}ffff ${'ffff:'.repeat(7)}ffff 65535 65535`,
  'UNKNOWN whatever\nelse\rthere is\0',
])('leaves the addresses of the socket: PROXY %j', (line) => {
  const text = `PROXY ${line}\r\n`
  expect(parse(`${text}\r\n`)).toEqual({ length: text.length, endpoints: undefined })
})

const long = `PROXY UNKNOWN ${'x'.repeat(91)}\r\n`

test('a line has 107 bytes at most', () => {
  expect(long).toHaveLength(107)
  expect(parse(long)).toEqual({ length: 107, endpoints: undefined })
  expect(parse(long.slice(0, 106))).toBeUndefined()
  // Its CR is the 107th.
  expect(() => parse(long.replace('x', 'xx'))).toThrow(invalid)
})

test.each([
  ['another word', 'PROXX TCP4 192.0.2.1 198.51.100.2 1 2\r\n'],
  ['small letters', 'proxy TCP4 192.0.2.1 198.51.100.2 1 2\r\n'],
  ['a request', 'GET / HTTP/1.1\r\n\r\n'],
  ['a request of a method that begins alike', 'PROPFIND / HTTP/1.1\r\n\r\n'],
  ['a TLS handshake', '\x16\x03\x01'],
  ['a blank in front', ' PROXY UNKNOWN\r\n'],
  ['no protocol', 'PROXY \r\n'],
  ['an unknown protocol', 'PROXY UDP4 192.0.2.1 198.51.100.2 1 2\r\n'],
  ['a protocol in small letters', 'PROXY tcp4 192.0.2.1 198.51.100.2 1 2\r\n'],
  ['more behind UNKNOWN', 'PROXY UNKNOWNS\r\n'],
  ['two blanks', 'PROXY  TCP4 192.0.2.1 198.51.100.2 1 2\r\n'],
  ['two blanks between addresses', 'PROXY TCP4 192.0.2.1  198.51.100.2 1 2\r\n'],
  ['a blank at the end', 'PROXY TCP4 192.0.2.1 198.51.100.2 1 2 \r\n'],
  ['a tab', 'PROXY\tTCP4 192.0.2.1 198.51.100.2 1 2\r\n'],
  ['a lone LF', 'PROXY TCP4 192.0.2.1 198.51.100.2 1 2\nGET / HTTP/1.1\r\n'],
  ['a lone CR', 'PROXY TCP4 192.0.2.1 198.51.100.2 1 2\rGET / HTTP/1.1\r\n'],
  ['a NUL behind the address', 'PROXY TCP4 192.0.2.1\0 198.51.100.2 1 2\r\n'],
  ['leading zeros in an address', 'PROXY TCP4 192.0.02.1 198.51.100.2 1 2\r\n'],
  ['an octal address', 'PROXY TCP4 0300.0.2.1 198.51.100.2 1 2\r\n'],
  ['a short address', 'PROXY TCP4 10.1 198.51.100.2 1 2\r\n'],
  ['an address beyond 255', 'PROXY TCP4 192.0.2.256 198.51.100.2 1 2\r\n'],
  ['a name', 'PROXY TCP4 localhost 198.51.100.2 1 2\r\n'],
  ['IPv6 in IPv4', 'PROXY TCP4 2001:db8::1 198.51.100.2 1 2\r\n'],
  ['IPv4 in IPv6', 'PROXY TCP6 192.0.2.1 2001:db8::1 1 2\r\n'],
  ['families mixed', 'PROXY TCP6 2001:db8::1 192.0.2.1 1 2\r\n'],
  ['a zone', 'PROXY TCP6 fe80::1%eth0 2001:db8::1 1 2\r\n'],
  ['two double colons', 'PROXY TCP6 2001::db8::1 2001:db8::1 1 2\r\n'],
  ['127 bits', 'PROXY TCP6 1:2:3:4:5:6:7 2001:db8::1 1 2\r\n'],
  ['brackets', 'PROXY TCP6 [2001:db8::1] 2001:db8::1 1 2\r\n'],
  ['a port of 65536', 'PROXY TCP4 192.0.2.1 198.51.100.2 65536 2\r\n'],
  ['a destination port of 99999', 'PROXY TCP4 192.0.2.1 198.51.100.2 1 99999\r\n'],
  ['a port with leading zeros', 'PROXY TCP4 192.0.2.1 198.51.100.2 01 2\r\n'],
  ['a port with a sign', 'PROXY TCP4 192.0.2.1 198.51.100.2 +1 2\r\n'],
  ['no ports', 'PROXY TCP4 192.0.2.1 198.51.100.2\r\n'],
  ['one port', 'PROXY TCP4 192.0.2.1 198.51.100.2 1\r\n'],
  ['one address', 'PROXY TCP4 192.0.2.1 1 2\r\n'],
])('refuses: %s', (_, text) => {
  expect(() => parse(text)).toThrow(invalid)
})
