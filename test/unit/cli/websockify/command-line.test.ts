import { expect, test } from 'vitest'
import { UsageError } from '../../../../src/cli/usage-error.ts'
import { parseCommandLine } from '../../../../src/cli/websockify/command-line.ts'
import type { CommandLine } from '../../../../src/cli/websockify/command-line.ts'

const parse = (...argv: string[]): CommandLine =>
  parseCommandLine(argv, { origin: true, 'print-config': false })

/** What was read, without what was not given. */
function read(...argv: string[]): Record<string, unknown> {
  const { switches, texts, seconds, own, positionals, program } = parse(...argv)
  return {
    ...Object.fromEntries([...switches].map((name) => [name, true])),
    ...Object.fromEntries(texts),
    ...Object.fromEntries(seconds),
    ...own,
    ...(positionals.length > 0 && { positionals }),
    ...(program && { program }),
  }
}

test.each<[string, string[], Record<string, unknown>]>([
  ['arguments', ['6080', 'a:1'], { positionals: ['6080', 'a:1'] }],
  ['a value behind =', ['--web=a=b'], { web: 'a=b' }],
  ['a value as the next word', ['--web', 'dir'], { web: 'dir' }],
  ['an empty value', ['--web='], { web: '' }],
  ['a value that looks like an option', ['--key', '--web'], { key: '--web' }],
  ['a value that is two dashes', ['--key', '--', '6080'], { key: '--', positionals: ['6080'] }],
  [
    'options between arguments',
    ['1', '--web', 'd', 'a:1'],
    { web: 'd', positionals: ['1', 'a:1'] },
  ],
  ['the last of several', ['--web', 'a', '--web', 'b'], { web: 'b' }],
  ['a shortened name', ['--heart', '5', '--verb'], { heartbeat: 5, verbose: true }],
  ['a whole name that begins another', ['--web', 'a', '--key', 'b'], { web: 'a', key: 'b' }],
  ['short ones', ['-v', '-D', '-6'], { verbose: true, daemon: true, 'prefer-ipv6': true }],
  ['short ones joined', ['-vD6'], { verbose: true, daemon: true, 'prefer-ipv6': true }],
  ['a lone dash', ['-'], { positionals: ['-'] }],
  ['a program', ['1', '--', 'ls', '--web'], { positionals: ['1'], program: ['ls', '--web'] }],
  ['ours, several times', ['--origin', 'a', '--origin=b'], { origin: ['a', 'b'] }],
  ['ours without a value', ['--print-config'], { 'print-config': true }],
])('takes %s', (_, argv, expected) => {
  expect(read(...argv)).toEqual(expected)
})

test.each([
  [['--webb', 'x'], '--webb: there is no such option'],
  [['--orig=x'], '--orig: there is no such option'],
  [['-x'], '-x: there is no such option'],
  [['--'.concat('=x')], '--: there is no such option'],
  [['--ssl'], '--ssl: may be --ssl-only or --ssl-target or --ssl-version or --ssl-ciphers'],
  [['--ssl-only=yes'], '--ssl-only: takes no value'],
  [['--print-config=x'], '--print-config: takes no value'],
  [['--web'], '--web: needs a value'],
  [['--origin'], '--origin: needs a value'],
  [['--timeout', '1.5'], '--timeout: found "1.5", expected whole seconds, fewer than 1000000'],
  [['--timeout=-1'], '--timeout: found "-1", expected whole seconds, fewer than 1000000'],
  [['--wrap-mode', 'x'], '--wrap-mode: found "x", expected exit, ignore, respawn'],
])('refuses %j', (argv, message) => {
  expect(() => parse(...argv)).toThrow(new UsageError(message))
})
