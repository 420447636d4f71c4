import { expect, test } from 'vitest'
import { parseHostPattern } from '../../../src/config/host-pattern.ts'

test.each([
  ['App.Example.com', 'app.example.com'],
  ['app.example.com.', 'app.example.com'],
  ['*.Example.com', '*.example.com'],
  ['127.0.0.1', '127.0.0.1'],
  ['[::0]', '[::]'],
])('%s is %s', (text, pattern) => {
  expect(parseHostPattern(text)).toBe(pattern)
})

test.each([
  '',
  '*',
  '*.',
  '*.*.example.com',
  'a.*.com',
  '*example.com',
  'app:80',
  '[::1]:80',
  '*.127.0.0.1',
  '*.[::1]',
  'a/b',
  '.a',
])('is no host: %j', (text) => {
  expect(parseHostPattern(text)).toBeUndefined()
})
