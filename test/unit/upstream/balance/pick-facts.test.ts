import { expect, test } from 'vitest'
import { parseHashKey } from '../../../../src/config/balance.ts'
import { readKey } from '../../../../src/upstream/balance/pick-facts.ts'
import { RawHeaderLines } from '../../../../src/listener/header-lines.ts'

const lines = ['X-Room', 'blue', 'Cookie', 'a=1; session="abc"', 'X-List', 'a', 'X-List', 'b']
const facts = {
  client: '192.0.2.7',
  scheme: 'https',
  query: '?room=red&a%62=c+d&empty=',
  headers: new RawHeaderLines(lines),
} as const

test.each([
  ['client', '192.0.2.7'],
  ['header:X-Room', 'blue'],
  ['header:x-list', 'a,b'],
  ['header:x-nobody', undefined],
  ['cookie:session', 'abc'],
  ['cookie:Session', undefined],
  ['query:room', 'red'],
  ['query:ab', 'c+d'],
  ['query:empty', undefined],
])('the key %s of a request is %s', (written, value) => {
  expect(readKey(parseHashKey(written)!, facts)).toBe(value)
})

test.each([
  '',
  'Client',
  'header',
  'header:',
  'header:a b',
  'cookie:a;b',
  'query:',
  'query:a&b',
  'path',
])('is no key: "%s"', (written) => {
  expect(parseHashKey(written)).toBeUndefined()
})
