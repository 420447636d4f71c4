import { expect, test } from 'vitest'
import { clientKey } from '../../../src/admission/client-key.ts'

test.each([
  ['192.0.2.1', '192.0.2.1'],
  ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64'],
  ['2001:db8:0:2:3:4:5:6', '2001:db8:0:2::/64'],
  ['2001:db8:0:2::', '2001:db8:0:2::/64'],
  ['2001:db8:1:0:3:4:5:6', '2001:db8:1::/64'],
  ['2001:0:0:2::1', '2001:0:0:2::/64'],
  ['2001:db8::6', '2001:db8::/64'],
  ['fe80::1%eth0', 'fe80::/64'],
])('%s is counted under %s', (address, key) => {
  expect(clientKey(address)).toBe(key)
})
