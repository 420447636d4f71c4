import { expect, test } from 'vitest'
import { describeFailure } from '../../../src/cli/failure.ts'
import { ConfigError } from '../../../src/config/problem.ts'

test('every problem of a configuration is a line', () => {
  expect(describeFailure(new ConfigError(['a.yaml:1:2: one', 'a.yaml:3:4: two']))).toBe(
    'a.yaml:1:2: one\na.yaml:3:4: two\n',
  )
})

test('what an operator can act on is one line without a stack', () => {
  const error = new Error('listener edge: 0.0.0.0:80 is already in use')
  expect(describeFailure(error)).toBe('drawbridge: listener edge: 0.0.0.0:80 is already in use\n')
  const coded = Object.assign(new TypeError('bad\nkey'), { code: 'ERR_OSSL' })
  expect(describeFailure(coded)).toBe('drawbridge: bad key\n')
})

test('a bug shows where it happened', () => {
  expect(describeFailure(new TypeError('x is undefined'))).toMatch(
    /^drawbridge: this is a bug: TypeError: x is undefined\n +at /,
  )
})

test('anything can be thrown', () => {
  expect(describeFailure('no')).toBe('drawbridge: no\n')
})
