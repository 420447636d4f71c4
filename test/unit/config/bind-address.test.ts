import { expect, test } from 'vitest'
import { formatBind, parseBind } from '../../../src/config/bind-address.ts'

test.each([
  ['0.0.0.0:8443', { kind: 'tcp', host: '0.0.0.0', port: 8443 }],
  ['127.0.0.1:0', { kind: 'tcp', host: '127.0.0.1', port: 0 }],
  ['localhost:65535', { kind: 'tcp', host: 'localhost', port: 65_535 }],
  ['[::]:8080', { kind: 'tcp', host: '::', port: 8080 }],
  ['[0:0::1]:80', { kind: 'tcp', host: '::1', port: 80 }],
  ['[FE80::1%eth0]:80', { kind: 'tcp', host: 'fe80::1%eth0', port: 80 }],
  ['unix:/run/x.sock', { kind: 'unix', path: '/run/x.sock' }],
  ['unix:run/x.sock', { kind: 'unix', path: 'run/x.sock' }],
])('reads %s', (text, bind) => {
  expect(parseBind(text)).toEqual(bind)
})

test.each([
  '',
  '8080',
  ':8080',
  '0.0.0.0',
  '0.0.0.0:',
  '0.0.0.0:65536',
  '0.0.0.0:-1',
  '0.0.0.0:080',
  '0.0.0.0:8080 ',
  '::1:80',
  '[::1]',
  '[::1:80',
  '[127.0.0.1]:80',
  '127.1:80',
  '256.0.0.1:80',
  '0x7f.1:80',
  'http://localhost:80',
  '*:80',
  'a b:80',
  'unix:',
  'unix://run/x.sock',
  'unix:/a\0b',
])('is no address: %j', (text) => {
  expect(parseBind(text)).toBeUndefined()
})

test.each(['0.0.0.0:8443', '[::1]:80', 'localhost:0', 'unix:/run/x.sock'])(
  'prints %s as it was written',
  (text) => {
    expect(formatBind(parseBind(text)!)).toBe(text)
  },
)
