import { expect, test } from 'vitest'
import { networkOf } from '../../../src/observe/network.ts'

test.each([
  ['192.0.2.77', '192.0.2.0/24'],
  ['10.0.0.1', '10.0.0.0/24'],
  ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64'],
  ['2001:db8::1', '2001:db8::/64'],
  ['2001:db8:0:1::1', '2001:db8:0:1::/64'],
  ['2001:0DB8:0000:0001:0:0:0:1', '2001:db8:0:1::/64'],
  ['1::', '1::/64'],
  ['::1', '::/64'],
  ['::', '::/64'],
  ['fe80::1%eth0', 'fe80::/64'],
  ['64:ff9b::192.0.2.1', '64:ff9b::/64'],
  ['0:0:0:5::', '0:0:0:5::/64'],
  ['unix', 'unix'],
])('%s is counted under %s', (address, network) => {
  expect(networkOf(address)).toBe(network)
})
