import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { canonicalAddress, canonicalIPv6 } from '../../../src/config/address.ts'
import { ipBytes, ipText } from '../../../src/proxy-protocol/ip-bytes.ts'

test.each([
  ['192.0.2.255', 'c00002ff'],
  ['::', '00'.repeat(16)],
  ['::1', `${'00'.repeat(15)}01`],
  ['2001:db8::', `20010db8${'00'.repeat(12)}`],
  ['2001:DB8::a:0:1', '20010db8000000000000000a00000001'],
  ['1:2:3:4:5:6:7:8', '00010002000300040005000600070008'],
  ['::ffff:192.0.2.1', '00000000000000000000ffffc0000201'],
  ['64:ff9b::10.1.2.3', '0064ff9b00000000000000000a010203'],
])('%s in network byte order', (text, hex) => {
  expect(ipBytes(text).toString('hex')).toBe(hex)
})

test('IPv4 addresses are the same there and back', () => {
  fc.assert(
    fc.property(fc.ipV4(), (text) => {
      expect(ipText(ipBytes(text))).toBe(text)
    }),
  )
})

test('IPv6 addresses are the same there and back, in whatever form they are written', () => {
  fc.assert(
    fc.property(fc.ipV6(), (text) => {
      expect(canonicalIPv6(ipText(ipBytes(text)))).toBe(canonicalIPv6(text))
      expect(ipText(ipBytes(text))).toMatch(/^([0-9a-f]{1,4}:){7}[0-9a-f]{1,4}$/)
    }),
  )
})

test('a mapped address is known as the IPv4 address that it is', () => {
  expect(canonicalAddress(ipText(ipBytes('::ffff:192.0.2.1')))).toBe('192.0.2.1')
})
