import { expect, test } from 'vitest'
import { parseServer } from '../../../src/config/server-url.ts'

test.each([
  ['http://10.0.0.5:9001', 'http', '10.0.0.5', 9001],
  ['http://app', 'http', 'app', 80],
  ['http://app/', 'http', 'app', 80],
  ['ws://app', 'http', 'app', 80],
  ['https://App.Example', 'https', 'app.example', 443],
  ['WSS://app', 'https', 'app', 443],
  ['tcp://127.0.0.1:5900', 'tcp', '127.0.0.1', 5900],
  ['tls://[::1]:5900/', 'tls', '::1', 5900],
  ['http://app.cluster.local.', 'http', 'app.cluster.local.', 80],
])('reads %s', (url, kind, host, port) => {
  expect(parseServer(url)).toEqual({ url, kind, host, port, path: '' })
})

test('reads a unix socket', () => {
  const url = 'unix:/run/app.sock'
  expect(parseServer(url)).toEqual({ url, kind: 'unix', host: '', port: 0, path: '/run/app.sock' })
})

test.each([
  '',
  'app',
  'app:80',
  '//app',
  'http:app',
  'http://',
  'http:///',
  'http://app/x',
  'http://app//',
  'http://app?x',
  'http://app/?',
  'http://app#x',
  'http://u@app',
  'http://u:p@app',
  'http://:80',
  'http://app:',
  'http://app:0',
  'http://app:65536',
  'http://app:080',
  'http://[::1',
  'http://::1',
  'http://127.1',
  'http://a..b',
  'http://app..',
  'http://a b',
  'http://app\n',
  ' http://app',
  'tcp://app',
  'tls://app',
  'ftp://app:21',
  'udp://app:21',
  'constructor://app',
  'unix:',
  'unix://app',
])('is no server: %j', (url) => {
  expect(parseServer(url)).toBeUndefined()
})
