import { BlockList, isIPv4 } from 'node:net'
import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { embeddedIPv4 } from '../../../../src/upstream/targets/embedded-ipv4.ts'
import { ipAddress, sharePrefix } from '../../../../src/upstream/targets/ip-address.ts'

test.each([
  ['0.0.0.0', 0n],
  ['1.2.3.4', 0x0102_0304n],
  ['255.255.255.255', 0xffff_ffffn],
  ['::', 0n],
  ['::1', 1n],
  ['1::', 1n << 112n],
  ['2001:db8::8:0:1', 0x2001_0db8_0000_0000_0000_0008_0000_0001n],
  ['1:2:3:4:5:6:7:8', 0x0001_0002_0003_0004_0005_0006_0007_0008n],
  ['::ffff:1.2.3.4', 0xffff_0102_0304n],
])('%s is %d', (address, bits) => {
  expect(ipAddress(address)).toEqual({ family: isIPv4(address) ? 'ipv4' : 'ipv6', bits })
})

test('prefixes are shared where Node says so', () => {
  const pairs = fc.tuple(
    fc.oneof(fc.tuple(fc.ipV4(), fc.ipV4()), fc.tuple(fc.ipV6(), fc.ipV6())),
    fc.nat(128),
  )
  fc.assert(
    fc.property(pairs, ([[a, b], length]) => {
      const family = isIPv4(a) ? 'ipv4' : 'ipv6'
      const prefix = Math.min(length, family === 'ipv4' ? 32 : 128)
      const list = new BlockList()
      list.addSubnet(a, prefix, family)
      expect(sharePrefix(ipAddress(b), ipAddress(a), prefix)).toBe(list.check(b, family))
    }),
  )
})

test('addresses of different families share nothing', () => {
  expect(sharePrefix(ipAddress('0.0.0.0'), ipAddress('::'), 0)).toBe(false)
})

test.each([
  ['::ffff:7f00:1', '127.0.0.1'],
  ['::7f00:1', '127.0.0.1'],
  ['::ffff:0:7f00:1', '127.0.0.1'],
  ['64:ff9b::7f00:1', '127.0.0.1'],
  ['2002:7f00:1:ffff::ffff', '127.0.0.1'],
  ['fd00::5efe:7f00:1', '127.0.0.1'],
  ['2001:db8::200:5efe:7f00:1', '127.0.0.1'],
  ['::', undefined],
  ['::1', undefined],
  ['2001:db8::7f00:1', undefined],
  ['2001:db8::100:5efe:7f00:1', undefined],
  ['127.0.0.1', undefined],
])('%s stands for %s', (address, ipv4) => {
  expect(embeddedIPv4(ipAddress(address))).toEqual(ipv4 === undefined ? undefined : ipAddress(ipv4))
})
