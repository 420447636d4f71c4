import { expect, test } from 'vitest'
import { AddressRules } from '../../../src/admission/addresses.ts'

test.each([
  ['no rule', {}, '192.0.2.1'],
  ['no rule', {}, 'unix'],
  ['allow', { allow: ['192.0.2.0/24'] }, '192.0.2.1'],
  ['allow one', { allow: ['2001:db8::1'] }, '2001:db8::1'],
  ['deny others', { deny: ['10.0.0.0/8'] }, '192.0.2.1'],
  ['allow and deny others', { allow: ['10.0.0.0/8'], deny: ['10.9.0.0/16'] }, '10.8.0.1'],
  ['deny all of the other family', { deny: ['::/0'] }, '192.0.2.1'],
])('%s lets in: %j, %s', (_, rules, client) => {
  expect(() => new AddressRules(rules).check(client)).not.toThrow()
})

test.each([
  ['not allowed', { allow: ['192.0.2.0/24'] }, '192.0.3.1'],
  ['nobody allowed', { allow: [] }, '192.0.2.1'],
  ['denied', { deny: ['192.0.2.1'] }, '192.0.2.1'],
  ['deny beats allow', { allow: ['10.0.0.0/8'], deny: ['10.9.0.0/16'] }, '10.9.1.1'],
  ['deny beats a narrower allow', { allow: ['10.9.1.1'], deny: ['10.0.0.0/8'] }, '10.9.1.1'],
  ['the other family', { allow: ['0.0.0.0/0'] }, '2001:db8::1'],
  ['no address, allow', { allow: ['0.0.0.0/0', '::/0'] }, 'unix'],
  ['no address, deny', { deny: ['192.0.2.1'] }, 'unix'],
])('refuses where %s: %j, %s', (_, rules, client) => {
  expect(() => new AddressRules(rules).check(client)).toThrow(
    expect.objectContaining({ token: 'address-denied' }),
  )
})
