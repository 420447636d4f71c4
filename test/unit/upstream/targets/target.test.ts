import { expect, test } from 'vitest'
import { formatTarget, parseTarget, readTarget } from '../../../../src/upstream/targets/target.ts'

const shown = (target: ReturnType<typeof parseTarget>): string | undefined =>
  target && formatTarget(target)

test.each([
  ['10.0.0.1:5900', '10.0.0.1:5900'],
  ['db.internal:5432', 'db.internal:5432'],
  ['[2001:db8::1]:22', '[2001:db8::1]:22'],
  // The last colon ends the host.
  ['2001:db8::1:22', '[2001:db8::1]:22'],
  ['unix_socket:/run/vnc/a:b', 'unix:/run/vnc/a:b'],
])('%s is %s', (text, target) => expect(shown(parseTarget(text))).toBe(target))

test.each([
  '',
  'host',
  'host:',
  ':22',
  'host:0',
  'host:65536',
  'host:022',
  'host:+22',
  'host:22 ',
  'host name:22',
  'host\0:22',
  '[::1]22',
  '[::1:22',
  '[]:22',
  'unix_socket:',
  'unix_socket:relative',
  'unix_socket:/run/\0',
])('%j is no target', (text) => expect(parseTarget(text)).toBeUndefined())

test.each([
  [' 10.0.0.1:5900\n', '10.0.0.1:5900'],
  ['{"host": "10.0.0.1:5900"}', '10.0.0.1:5900'],
  ['{"host": "10.0.0.1", "port": 5900}', '10.0.0.1:5900'],
  ['{"host": "::1", "port": "5900"}', '[::1]:5900'],
  [{ host: '10.0.0.1', port: 5900 }, '10.0.0.1:5900'],
])('a lookup may have stored %j', (value, target) => expect(shown(readTarget(value))).toBe(target))

test.each([
  '{"host": "10.0.0.1"}',
  '{"host": "10.0.0.1", "port": null}',
  '{"host": "10.0.0.1", "port": 5900.5}',
  '{"host": 10, "port": 5900}',
  '{"port": 5900}',
  '{"host"',
  '{}',
  5900,
  null,
  ['10.0.0.1:5900'],
])('%j leads nowhere', (value) => expect(readTarget(value)).toBeUndefined())
