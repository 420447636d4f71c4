import { expect, test } from 'vitest'
import { canonicalAddress, parseNetwork } from '../../../src/config/address.ts'

test.each([
  ['192.0.2.1', '192.0.2.1'],
  ['2001:DB8:0:0::1', '2001:db8::1'],
  ['::FFFF:192.0.2.1', '192.0.2.1'],
  ['::ffff:c000:201', '192.0.2.1'],
  ['fe80::1%eth0', 'fe80::1'],
  ['::', '::'],
  ['::1.2.3.4', '::102:304'],
  ['64:ff9b::1.2.3.4', '64:ff9b::102:304'],
])('%s is %s', (text, address) => {
  expect(canonicalAddress(text)).toBe(address)
})

test.each([
  '',
  'a',
  '1.2.3',
  '1.2.3.4.5',
  '1.2.3.04',
  '[::1]',
  '::1::',
  '1.2.3.4:80',
  '10.0.0.0/8',
])('%j is no address', (text) => {
  expect(canonicalAddress(text)).toBeUndefined()
})

test.each([
  ['10.0.0.0/8', { family: 'ipv4', address: '10.0.0.0', prefix: 8 }],
  ['192.0.2.1', { family: 'ipv4', address: '192.0.2.1', prefix: 32 }],
  ['::/0', { family: 'ipv6', address: '::', prefix: 0 }],
  ['2001:DB8::/32', { family: 'ipv6', address: '2001:db8::', prefix: 32 }],
  ['::ffff:10.0.0.0/104', { family: 'ipv4', address: '10.0.0.0', prefix: 8 }],
  ['::ffff:10.0.0.1', { family: 'ipv4', address: '10.0.0.1', prefix: 32 }],
])('%s is a network', (text, network) => {
  expect(parseNetwork(text)).toEqual(network)
})

test.each([
  '',
  '/8',
  '10.0.0.0/',
  '10.0.0.0/33',
  '::/129',
  '10.0.0.0/08',
  '10.0.0.0/-1',
  'a/8',
  'fe80::1%eth0',
])('%j is no network', (text) => {
  expect(parseNetwork(text)).toBeUndefined()
})
