import { expect, test } from 'vitest'
import { isLoopback, isUrl, parseEndpoint } from '../../../src/config/endpoint.ts'

test.each(['http://127.0.0.1:9000/auth', 'https://id.example/a/b?c=d', 'HTTPS://ID.example'])(
  'is an endpoint: %s',
  (text) => {
    expect(parseEndpoint(text)).toBeInstanceOf(URL)
  },
)

test.each([
  '',
  '/auth',
  'id.example',
  'ftp://id.example',
  'http:/id.example',
  'http:id.example',
  'http://',
  'http://user@id.example',
  'http://user:pass@id.example',
  'http://:pass@id.example',
  'https://id.example/#a',
  'https://id.example\\a',
  ' https://id.example',
  'https://id.example/a b',
  'https://a:99999',
])('is none: %j', (text) => {
  expect(parseEndpoint(text)).toBeUndefined()
})

test.each([
  ['http://127.0.0.1', true],
  ['http://127.1.2.3:80/', true],
  ['http://127.1', true],
  ['http://[::1]:80', true],
  ['http://localhost', true],
  ['http://id.localhost', true],
  ['http://localhost.example', false],
  ['http://127.0.0.1.example', false],
  ['http://128.0.0.1', false],
  ['http://10.0.0.1', false],
  ['http://[::2]', false],
  ['http://notlocalhost', false],
])('%s stays on this machine: %s', (text, stays) => {
  expect(isLoopback(parseEndpoint(text)!)).toBe(stays)
})

test('a URL is told from a path', () => {
  expect(['https://a', 'HTTP://a', 'file:///a', 'x+y://a'].map((text) => isUrl(text))).toEqual([
    true,
    true,
    true,
    true,
  ])
  expect(['a.json', '/a/b', './a', 'C:\\a', 'a:b'].map((text) => isUrl(text))).toEqual([
    false,
    false,
    false,
    false,
    false,
  ])
})
