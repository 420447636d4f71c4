import { expect, test } from 'vitest'
import { parseHost, parsePort } from '../../../src/config/host-name.ts'

test.each([
  ['localhost', 'localhost'],
  ['App.Example.com', 'app.example.com'],
  ['my_service', 'my_service'],
  ['xn--bcher-kva.example', 'xn--bcher-kva.example'],
  ['1.example', '1.example'],
  ['127.0.0.1', '127.0.0.1'],
  ['[2001:DB8:0::1]', '[2001:db8::1]'],
])('%s is %s', (text, host) => {
  expect(parseHost(text)).toBe(host)
})

test.each([
  '',
  '.',
  'a.',
  '.a',
  'a..b',
  '-a',
  'a-',
  'a b',
  'bücher.example',
  'a/b',
  'a:1',
  'u@h',
  '1.2.3',
  '1.2.3.4.5',
  '127.1',
  '0x7f.0.0.1',
  'a.0x',
  '01.2.3.4',
  '::1',
  '[::1',
  '[]',
  '[1.2.3.4]',
  'a'.repeat(254),
])('is no host: %j', (text) => {
  expect(parseHost(text)).toBeUndefined()
})

test.each([
  ['1', 1, 1],
  ['65535', 1, 65_535],
  ['0', 0, 0],
] as const)('%s is a port from %d', (text, lowest, port) => {
  expect(parsePort(text, lowest)).toBe(port)
})

test.each(['0', '', '01', '65536', '99999', '+1', '1e3', ' 1'])(
  'is no port to connect to: %j',
  (text) => {
    expect(parsePort(text, 1)).toBeUndefined()
  },
)
