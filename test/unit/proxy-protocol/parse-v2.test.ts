import { expect, test } from 'vitest'
import { crc32c } from '../../../src/proxy-protocol/crc32c.ts'
import { parseProxyHeader } from '../../../src/proxy-protocol/parse.ts'
import { bytes } from '../../support/raw-client.ts'

const invalid = expect.objectContaining({ token: 'proxy-header-invalid' })
const signature = '0d0a0d0a 000d0a51 5549540a'

/** A header whose length is right: command and family, then what they say. */
function header(commandAndFamily: string, rest = ''): Buffer {
  const body = bytes(rest)
  const head = bytes(`${signature} ${commandAndFamily} 0000`)
  head.writeUInt16BE(body.length, 14)
  return Buffer.concat([head, body])
}

const tcp4 = 'c0000201 c6336402 dc04 01bb'
const tcp6 = `20010db8${'00'.repeat(11)}01 20010db8${'00'.repeat(11)}02 dc04 01bb`
const ipv4Ends = {
  source: { address: '192.0.2.1', port: 56324 },
  destination: { address: '198.51.100.2', port: 443 },
}
const ipv6Ends = {
  source: { address: '2001:db8:0:0:0:0:0:1', port: 56324 },
  destination: { address: '2001:db8:0:0:0:0:0:2', port: 443 },
}

test.each([
  ['TCP over IPv4', '21 11', tcp4, ipv4Ends],
  ['TCP over IPv6', '21 21', tcp6, ipv6Ends],
  ['an empty TLV', '21 11', `${tcp4} e00000`, ipv4Ends],
  ['padding and unknown TLVs', '21 21', `${tcp6} 040003000000 ff0001aa`, ipv6Ends],
  ['LOCAL', '20 00', '', undefined],
  ['LOCAL with addresses, which are ignored', '20 11', tcp4, undefined],
  ['LOCAL with a family that does not exist', '20 7f', 'aa', undefined],
  ['LOCAL with what is no TLV', '20 00', '0200ff', undefined],
  ['UNSPEC', '21 00', '', undefined],
  ['UNSPEC with whatever', '21 00', 'abcdef', undefined],
  ['UNSPEC with a transport', '21 01', '', undefined],
  ['an unspecified transport', '21 10', tcp4, undefined],
  ['UDP over IPv4', '21 12', tcp4, undefined],
  ['UDP over IPv6', '21 22', tcp6, undefined],
  ['a client on a unix socket', '21 31', '2f'.repeat(216), undefined],
  ['a unix datagram', '21 32', '2f'.repeat(216), undefined],
])('reads: %s', (_, commandAndFamily, rest, endpoints) => {
  const whole = header(commandAndFamily, rest)
  const { length } = whole
  expect(parseProxyHeader(Buffer.concat([whole, whole]))).toEqual({ length, endpoints })
})

test.each([
  ['version 1', '11 11', tcp4],
  ['version 3', '31 11', tcp4],
  ['an unknown command', '22 11', tcp4],
  ['an unknown family', '21 41', tcp4],
  ['an unknown transport', '21 13', tcp4],
  ['an unknown transport of no family', '21 03', ''],
  ['IPv4 without its last byte', '21 11', tcp4.slice(0, -2)],
  ['IPv6 with the addresses of IPv4', '21 21', tcp4],
  ['a unix socket with 215 bytes', '21 31', '2f'.repeat(215)],
  ['a TLV without its length', '21 11', `${tcp4} 04`],
  ['a TLV with half its length', '21 11', `${tcp4} 0400`],
  ['a TLV longer than the header', '21 11', `${tcp4} 040002 00`],
  ['a TLV behind a good one longer than the header', '21 21', `${tcp6} 040000 04ffff00`],
  ['a checksum that is wrong', '21 11', `${tcp4} 030004 00000000`],
  ['a checksum of three bytes', '21 11', `${tcp4} 030003 000000`],
])('refuses: %s', (_, commandAndFamily, rest) => {
  expect(() => parseProxyHeader(header(commandAndFamily, rest))).toThrow(invalid)
})

test('takes a checksum that is right, wherever it stands', () => {
  const whole = header('21 11', `${tcp4} 030004 00000000 040001 00`)
  whole.writeUInt32BE(crc32c(whole), 31)
  expect(parseProxyHeader(whole)).toEqual({ length: whole.length, endpoints: ipv4Ends })
  whole[whole.length - 1] = 1
  expect(() => parseProxyHeader(whole)).toThrow(invalid)
})

test('refuses what is too long as soon as it says so, and waits for nothing else', () => {
  expect(parseProxyHeader(bytes(`${signature} 21 11 1000`))).toBeUndefined()
  expect(() => parseProxyHeader(bytes(`${signature} 21 11 1001`))).toThrow(invalid)
  expect(() => parseProxyHeader(bytes(`${signature} 20 00 ffff`))).toThrow(invalid)
})

test.each([
  ['another byte in the signature', '0d0a0d0a 000d0a51 5549540b'],
  ['an empty line and a request', '0d0a0d0a 474554'],
  ['version and command', `${signature} 12`],
])('refuses at once: %s', (_, hex) => {
  expect(() => parseProxyHeader(bytes(hex))).toThrow(invalid)
})
