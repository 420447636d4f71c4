import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import {
  isToken,
  listElements,
  listsToken,
  parseTokens,
} from '../../../src/websocket/token-list.ts'

test.each([
  [['a'], ['a']],
  [
    ['a, b', 'c'],
    ['a', 'b', 'c'],
  ],
  [['a,b'], ['a', 'b']],
  [[' \ta\t ,, b ,'], ['a', 'b']],
  [['a b'], ['a b']],
  [[''], []],
  [[','], []],
  [[], []],
])('%j lists %j', (lines, elements) => {
  expect(listElements(lines)).toEqual(elements)
})

test.each([
  [''],
  [','],
  ['a b'],
  ['a, b c'],
  ['"a"'],
  ['a;b'],
  ['a/b'],
  ['\xe9'],
  ['a=b'],
  ['a\xa0'],
])('%j is no list of tokens', (line) => {
  expect(parseTokens([line])).toBeUndefined()
})

test('finds a token in any case, as a whole', () => {
  expect(listsToken(['keep-alive, UPGRADE'], 'upgrade')).toBe(true)
  expect(listsToken(['upgraded, x-upgrade, up grade'], 'upgrade')).toBe(false)
  expect(listsToken([], 'upgrade')).toBe(false)
})

test('what is listed comes back, however it is cut into lines', () => {
  const token = fc.string({
    unit: fc.constantFrom(..."aZ09!#$%&'*+-.^_`|~".split('')),
    minLength: 1,
  })
  fc.assert(
    fc.property(fc.array(fc.array(token, { minLength: 1 }), { minLength: 1 }), (lines) => {
      expect(lines.flat().every(isToken)).toBe(true)
      expect(parseTokens(lines.map((line) => line.join(' ,\t')))).toEqual(lines.flat())
    }),
  )
})
