import { expect, test } from 'vitest'
import { isToken } from '../../../src/config/token.ts'

test('a token is what RFC 9110 says', () => {
  expect(isToken("!#$%&'*+-.^_`|~09AZaz")).toBe(true)
  for (const text of ['', 'a b', 'a,b', 'a/b', 'a:b', 'a=b', '"a"', 'ä', 'a\n']) {
    expect(isToken(text), text).toBe(false)
  }
})
