import { expect, test } from 'vitest'
import { queryValues, withoutKeys } from '../../../src/request/query.ts'

test.each([
  ['?token=a', ['a']],
  ['?token=a&b=c', ['a']],
  ['?b=c&token=a&token=b', ['a', 'b']],
  ['?token=', ['']],
  ['?token', ['']],
  ['?token=a=b', ['a=b']],
  ['?token=a+b%2Fc%3d', ['a+b/c=']],
  ['?t%6fken=a', ['a']],
  ['?%74%6F%6B%65%6E=a', ['a']],
  ['?t%256fken=a', []],
  ['?token%3Da', []],
  ['?Token=a', []],
  ['?tokens=a&xtoken=b', []],
  ['?token%zz=a&token=%zz', ['%zz']],
  ['?token=%c3%a9', ['é']],
  ['?', []],
  ['', []],
  ['?&&token=a&', ['a']],
])('%s has the values %j', (query, values) => {
  expect(queryValues(query, 'token')).toEqual(values)
})

test.each([
  ['?token=a', ''],
  ['?token=a&b=%2f+%zz', '?b=%2f+%zz'],
  ['?b=c&t%6fken=a&&d', '?b=c&&d'],
  ['?token=a&token=b', ''],
  ['?a&token', '?a'],
  ['?&token=a', '?'],
  ['?a=token', '?a=token'],
  ['?', '?'],
  ['', ''],
])('%s is %s without', (query, clean) => {
  expect(withoutKeys(query, new Set(['token', 'other']))).toBe(clean)
})
