import { expect, test } from 'vitest'
import { RawHeaderLines } from '../../../src/listener/header-lines.ts'

test('finds values whatever the case of the name', () => {
  const headers = new RawHeaderLines(['X-One', 'a', 'COOKIE', 'b', 'cookie', 'c'])
  expect(headers.one('x-one')).toBe('a')
  expect(headers.all('cookie')).toEqual(['b', 'c'])
})

test('has no one value for a header that is missing or came twice', () => {
  const headers = new RawHeaderLines(['X-Key', 'a', 'X-Key', 'b'])
  expect(headers.one('x-key')).toBeUndefined()
  expect(headers.one('x-other')).toBeUndefined()
  expect(headers.all('x-other')).toEqual([])
})

test.each(['__proto__', 'constructor', 'toString', 'hasOwnProperty'])(
  'takes %s for a header like any other',
  (name) => {
    const empty = new RawHeaderLines([])
    expect(empty.one(name.toLowerCase())).toBeUndefined()
    expect(empty.all(name.toLowerCase())).toEqual([])
    expect(new RawHeaderLines([name, 'x']).all(name.toLowerCase())).toEqual(['x'])
  },
)
