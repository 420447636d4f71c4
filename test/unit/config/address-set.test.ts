import { expect, test } from 'vitest'
import { AddressSet } from '../../../src/config/address-set.ts'

test.each([
  [['10.0.0.0/8'], '10.255.255.255', true],
  [['10.1.2.3/8'], '10.255.255.255', true],
  [['10.0.0.0/8'], '11.0.0.0', false],
  [['192.0.2.1'], '192.0.2.1', true],
  [['192.0.2.1'], '192.0.2.2', false],
  [['0.0.0.0/0'], '255.255.255.255', true],
  [['0.0.0.0/0'], '::1', false],
  [['::/0'], '192.0.2.1', false],
  [['::/0'], '2001:db8::1', true],
  [['2001:db8::/32'], '2001:db8:ffff::1', true],
  [['2001:db8::/32'], '2001:db9::1', false],
  [['::ffff:10.0.0.0/104'], '10.1.1.1', true],
  [['unix'], 'unix', true],
  [['unix'], '127.0.0.1', false],
  [['0.0.0.0/0', '::/0'], 'unix', false],
  [[], 'unix', false],
  [[], '127.0.0.1', false],
])('%j has %s: %s', (entries, address, has) => {
  expect(new AddressSet(entries).has(address)).toBe(has)
})

test('a set refuses what is no address', () => {
  expect(() => new AddressSet(['10.0.0.0/8', 'localhost'])).toThrow(RangeError)
})
