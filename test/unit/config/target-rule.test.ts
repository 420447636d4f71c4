import { expect, test } from 'vitest'
import { parseTargetRule } from '../../../src/config/target-rule.ts'
import type { TargetRule } from '../../../src/config/target-rule.ts'

/** In one spelling, without what stands for every port. */
function shown(rule: TargetRule | undefined): string | undefined {
  if (rule === undefined) return undefined
  if (rule.kind === 'unix') return `unix ${rule.path}`
  const place = rule.kind === 'name' ? rule.name : `${rule.network.address}/${rule.network.prefix}`
  return `${place} ${rule.ports.map(({ first, last }) => `${first}-${last}`).join(',')}`
}

const any = '1-65535'

test.each([
  ['10.0.0.0/8', `10.0.0.0/8 ${any}`],
  ['10.0.0.1', `10.0.0.1/32 ${any}`],
  ['10.0.0.0/8:22,5900-5999', '10.0.0.0/8 22-22,5900-5999'],
  ['10.0.0.0/8:22, 23', '10.0.0.0/8 22-22,23-23'],
  ['10.0.0.1:1-65535', `10.0.0.1/32 ${any}`],
  ['2001:db8::1', `2001:db8::1/128 ${any}`],
  ['2001:DB8::/32', `2001:db8::/32 ${any}`],
  ['[2001:db8::1]', `2001:db8::1/128 ${any}`],
  ['[2001:db8::1]:22', '2001:db8::1/128 22-22'],
  ['[2001:db8::]/32:22', '2001:db8::/32 22-22'],
  ['::ffff:10.0.0.0/104', `10.0.0.0/8 ${any}`],
  ['db.internal', `db.internal ${any}`],
  ['DB.internal.:5432', 'db.internal 5432-5432'],
  ['*.internal:5432', '*.internal 5432-5432'],
  ['localhost', `localhost ${any}`],
  ['unix:/run/vnc/one', 'unix /run/vnc/one'],
  ['unix:/run/vnc/*', 'unix /run/vnc/'],
])('%s is %s', (text, rule) => expect(shown(parseTargetRule(text))).toBe(rule))

test.each([
  '',
  ':22',
  '*',
  '*:22',
  '10.0.0.0/33',
  '10.0.0.0/8:',
  '10.0.0.0/8:0',
  '10.0.0.0/8:65536',
  '10.0.0.0/8:22-',
  '10.0.0.0/8:30-20',
  '10.0.0.0/8:22,,23',
  '10.0.0.0/8:ssh',
  '127.1',
  '0x7f.0.0.1',
  '2130706433:80',
  'http://10.0.0.1',
  '[10.0.0.1]x',
  '[name.example]:22',
  '[2001:db8::1',
  'a..b',
  'a*.example',
  'unix:',
  'unix:relative',
  'unix:/run/../etc',
  'unix:/run//vnc',
  'unix:/run/vnc/',
  'unix:/run/*/vnc',
  'unix:/run/v*',
])('%j is no rule', (text) => expect(parseTargetRule(text)).toBeUndefined())
