import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { hostName, parseAuthority } from '../../../src/listener/host.ts'

describe('parseAuthority', () => {
  test.each([
    ['app.example.com', 'app.example.com', undefined],
    ['APP.Example.COM', 'app.example.com', undefined],
    ['app.example.com.', 'app.example.com', undefined],
    ['app.example.com.:8443', 'app.example.com', 8443],
    ['a:1', 'a', 1],
    ['a:65535', 'a', 65_535],
    ['localhost', 'localhost', undefined],
    ['my_service-1', 'my_service-1', undefined],
    ['-a.b-', '-a.b-', undefined],
    ['127.0.0.1:80', '127.0.0.1', 80],
    ['[::1]', '[::1]', undefined],
    ['[::1]:8080', '[::1]', 8080],
    ['[2001:DB8:0::1]', '[2001:db8::1]', undefined],
    ['[::ffff:127.0.0.1]', '[::ffff:7f00:1]', undefined],
  ])('reads %s', (text, host, port) => {
    expect(parseAuthority(text)).toEqual({ host, port })
  })

  test.each([
    [''],
    [' '],
    ['.'],
    ['..'],
    ['.a'],
    ['a..b'],
    ['a..'],
    ['a:'],
    ['a:0'],
    ['a:00'],
    ['a:080'],
    ['a:65536'],
    ['a:99999999999'],
    ['a:+1'],
    ['a:80x'],
    ['a:80:80'],
    ['a,b'],
    ['a b'],
    ['a/b'],
    ['a?b'],
    ['a#b'],
    ['a\\b'],
    ['a@b'],
    ['user:pass@a'],
    ['a%2eb'],
    ['a%00'],
    ['*.a'],
    ['a\tb'],
    ['a\0'],
    ['m\xfcnchen.de'],
    ['::1'],
    ['[::1'],
    ['::1]'],
    ['[]'],
    ['[::1]x'],
    ['[::1]:'],
    ['[::1]:0'],
    ['[1.2.3.4]'],
    ['[::g]'],
    ['[1::2::3]'],
    ['[fe80::1%eth0]'],
    ['[fe80::1%25eth0]'],
    ['[v1.fe80]'],
    ['[a]'],
    ['http://a'],
  ])('refuses %j', (text) => {
    expect(parseAuthority(text)).toBeUndefined()
  })

  test('gives every authority in a text that reads as itself', () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom(...'aB0-_.:[]f%@/'.split('')) }), (text) => {
        const authority = parseAuthority(text)
        if (authority === undefined) return
        const { host, port } = authority
        expect(parseAuthority(port === undefined ? host : `${host}:${port}`)).toEqual(authority)
      }),
    )
  })
})

test('an SNI name is compared the way a Host is', () => {
  expect(hostName('APP.example.com.')).toBe('app.example.com')
  expect(hostName('a..b')).toBeUndefined()
})
