import { expect, test } from 'vitest'
import { UsageError, readOptions } from '../../../bench/options.ts'

test('each work warms up as long as it needs, unless a time is given', () => {
  expect(readOptions([])).toMatchObject({ warmMs: undefined, coldMs: 2000, rounds: 3 })
  expect(readOptions(['--warm', '0.5'])).toMatchObject({ warmMs: 500, coldMs: 2000 })
})

test('a quick run has one round, a short warm-up, and nothing cold', () => {
  expect(readOptions(['--quick'])).toMatchObject({ warmMs: 1000, coldMs: 0, rounds: 1 })
  expect(readOptions(['--quick', '--warm', '4'])).toMatchObject({ warmMs: 4000 })
})

test.each([
  [['--warm', '0'], '--warm: found 0, expected a number above 0'],
  [['--warm', 'long'], '--warm: found long, expected a number above 0'],
  [['--peers', 'squid'], '--peers: found squid, expected relay, haproxy'],
  [['--warn', '3'], "Unknown option '--warn'"],
])('refuses %j', (args, message) => {
  expect(() => readOptions(args)).toThrow(UsageError)
  expect(() => readOptions(args)).toThrow(message)
})
