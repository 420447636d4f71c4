import { expect, test } from 'vitest'
import { ConfigError, formatPath } from '../../../src/config/problem.ts'

test.each([
  [[], 'configuration'],
  [['routes', 0, 'match', 'path', 2], 'routes[0].match.path[2]'],
  [['identity', 'headers', 'x-user'], 'identity.headers.x-user'],
  [['a b', 'c.d'], '["a b"]["c.d"]'],
])('%j is printed as %s', (path, text) => {
  expect(formatPath(path)).toBe(text)
})

test('an error prints its problems, one a line', () => {
  const error = new ConfigError(['one', 'two'])
  expect(String(error)).toBe('one\ntwo')
  expect(error).toMatchObject({
    name: 'ConfigError',
    problems: ['one', 'two'],
    message: 'one\ntwo',
  })
})
