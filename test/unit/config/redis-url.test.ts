import { expect, test } from 'vitest'
import { parseRedisUrl } from '../../../src/config/redis-url.ts'

const plain = { port: 6379, db: 0, username: undefined, password: undefined, tls: false }

test.each([
  ['redis://10.0.0.5', { ...plain, host: '10.0.0.5' }],
  ['redis://cache.example:6380/3', { ...plain, host: 'cache.example', port: 6380, db: 3 }],
  ['redis://[::1]:6380/', { ...plain, host: '::1', port: 6380 }],
  ['rediss://cache.example', { ...plain, host: 'cache.example', tls: true }],
  ['redis://:p%40ss@cache.example', { ...plain, host: 'cache.example', password: 'p@ss' }],
  [
    'redis://ada:pw@cache.example',
    { ...plain, host: 'cache.example', username: 'ada', password: 'pw' },
  ],
])('%s', (text, address) => expect(parseRedisUrl(text)).toEqual(address))

test.each([
  '',
  'cache.example',
  'http://cache.example',
  'redis://',
  'redis://cache.example:0',
  'redis://cache.example/x',
  'redis://cache.example/0?tls=true',
  'redis://:%zz@cache.example',
  'redis://a@b@c',
  'redis://127.1',
])('%j is none', (text) => expect(parseRedisUrl(text)).toBeUndefined())
