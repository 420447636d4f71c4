import { expect, test } from 'vitest'
import { checkAnswerHead, headerValues } from '../../../src/upstream/answer-head.ts'

test('finds every line of a header, in any case', () => {
  const raw = ['Set-Cookie', 'a', 'x', 'set-cookie', 'SET-COOKIE', 'b']
  expect(headerValues(raw, 'set-cookie')).toEqual(['a', 'b'])
})

test.each([
  [100, []],
  [599, []],
  [200, ['Transfer-Encoding', 'Chunked']],
  [200, ['Content-Length', '5']],
])('takes %d with %j', (status, raw) => {
  expect(() => checkAnswerHead(status, raw)).not.toThrow()
})

test.each([
  [0, []],
  [99, []],
  [600, []],
  [200, ['Transfer-Encoding', 'gzip']],
  [200, ['Transfer-Encoding', 'gzip, chunked']],
  [200, ['Transfer-Encoding', 'chunked, chunked']],
  [200, ['Transfer-Encoding', '']],
  [200, ['Transfer-Encoding', 'chunked', 'transfer-encoding', 'chunked']],
  [200, ['Transfer-Encoding', 'chunked', 'Content-Length', '5']],
])('refuses %d with %j', (status, raw) => {
  expect(() => checkAnswerHead(status, raw)).toThrow(
    expect.objectContaining({ token: 'upstream-invalid' }),
  )
})
