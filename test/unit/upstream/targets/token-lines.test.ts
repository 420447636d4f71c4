import { expect, test } from 'vitest'
import { formatTarget } from '../../../../src/upstream/targets/target.ts'
import { parseTokenLines } from '../../../../src/upstream/targets/token-lines.ts'

function read(text: string): { targets: Record<string, string>; broken: readonly number[] } {
  const { targets, broken } = parseTokenLines(text)
  const shown = [...targets].map(([token, target]) => [token, formatTarget(target)])
  return { targets: Object.fromEntries(shown), broken }
}

test('lines, comments and blank ones, as websockify has them', () => {
  const text = [
    '# desktops',
    'one: 10.0.0.1:5900',
    '',
    '  two:\t host.example:5901  ',
    'three: [2001:db8::1]:5902',
    'four: 2001:db8::1:5903',
    'five: unix_socket:/run/vnc/five',
    'a:b: 10.0.0.1:5904\r',
    '  # not: 10.0.0.1:1',
  ]
  expect(read(text.join('\n'))).toEqual({
    targets: {
      one: '10.0.0.1:5900',
      two: 'host.example:5901',
      three: '[2001:db8::1]:5902',
      four: '[2001:db8::1]:5903',
      five: 'unix:/run/vnc/five',
      'a:b': '10.0.0.1:5904',
    },
    broken: [],
  })
})

test('what cannot be used is told by its line, and the rest is used', () => {
  expect(read('one: 10.0.0.1:5900\ntwo\nthree:10.0.0.1:5900\nfour: host\n: 10.0.0.1:1\n')).toEqual({
    targets: { one: '10.0.0.1:5900' },
    broken: [2, 3, 4, 5],
  })
})

test('of a token that stands twice the last line counts', () => {
  expect(read('one: 10.0.0.1:1\none: 10.0.0.1:2\n').targets).toEqual({ one: '10.0.0.1:2' })
})

test('a token is never a property of something else', () => {
  const { targets } = parseTokenLines('one: 10.0.0.1:1\n')
  expect(targets.get('__proto__')).toBeUndefined()
  expect(parseTokenLines('__proto__: 10.0.0.1:1').targets.has('__proto__')).toBe(true)
})
