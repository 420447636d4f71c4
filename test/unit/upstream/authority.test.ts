import { expect, test } from 'vitest'
import { parseServer } from '../../../src/config/server-url.ts'
import { authorityOf, withHost } from '../../../src/upstream/authority.ts'

test.each([
  ['http://a.test', 'a.test'],
  ['http://a.test:8080', 'a.test:8080'],
  ['https://a.test', 'a.test'],
  ['https://a.test:80', 'a.test:80'],
  ['ws://[::1]:81', '[::1]:81'],
  ['unix:/run/app.sock', 'localhost'],
])('%s is called %s', (url, authority) => {
  expect(authorityOf(parseServer(url)!)).toBe(authority)
})

const server = parseServer('http://a.test:1')!

test.each([
  ["keeps the client's Host", ['X', '1', 'host', 'b.test'], true, ['Host', 'b.test', 'X', '1']],
  ['replaces it', ['Host', 'b.test', 'X', '1'], false, ['Host', 'a.test:1', 'X', '1']],
  ['names the server where there is none', ['X', '1'], true, ['Host', 'a.test:1', 'X', '1']],
])('%s', (_, headers, preserveHost, lines) => {
  expect(withHost(headers, server, preserveHost)).toEqual(lines)
})
