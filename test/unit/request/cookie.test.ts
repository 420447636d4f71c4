import { expect, test } from 'vitest'
import { cookieValues, withoutCookies } from '../../../src/request/cookie.ts'

test.each([
  [['session=a'], ['a']],
  [['x=y; session=a; z=1'], ['a']],
  [['x=y;session=a'], ['a']],
  [['x=y', 'session=a'], ['a']],
  [['session=a; session=b'], ['a', 'b']],
  [
    ['session=a', 'session=b'],
    ['a', 'b'],
  ],
  [['session="a"'], ['a']],
  [['session="a'], ['"a']],
  [['session = a '], ['a']],
  [['session=a=b'], ['a=b']],
  [['session='], ['']],
  [['session'], []],
  [['Session=a; xsession=b; session2=c'], []],
  [['x="; session=a"'], ['a"']],
  [[], []],
])('%j has the values %j', (lines, values) => {
  expect(cookieValues(lines, 'session')).toEqual(values)
})

test.each([
  ['session=a', undefined],
  ['session=a;', undefined],
  ['x=y; session=a; z="1, 2"', 'x=y; z="1, 2"'],
  ['session=a; x=y', 'x=y'],
  ['x=y; session=a', 'x=y'],
  ['session=a;session=b; x', 'x'],
  ['  x=y;;z', '  x=y;;z'],
  ['', ''],
])('%j is %j without', (line, clean) => {
  expect(withoutCookies(line, new Set(['session', 'other']))).toBe(clean)
})
