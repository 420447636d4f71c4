import { expect, test } from 'vitest'
import { parseServer } from '../../../src/config/server-url.ts'
import { locate } from '../../../src/upstream/locate.ts'
import { stubResolver } from '../../support/stub-resolver.ts'

const calm = new AbortController().signal
const resolver = {
  ...stubResolver((name) => (name === 'a.example' ? ['10.0.0.1'] : ['10.0.0.9'])),
  services: async () => [{ host: 'a.example', port: 9001, weight: 0 }],
}

async function located(url: string, more: Partial<Parameters<typeof locate>[1]> = {}) {
  const { server, addresses } = await locate(parseServer(url)!, {
    resolver,
    connectMs: 1_000,
    signal: calm,
    ...more,
  })
  return `${server.kind} ${server.host} ${server.port} ${addresses.map(({ address }) => address).join()}`
}

test.each([
  ['tcp://10.0.0.1:80', 'tcp 10.0.0.1 80 '],
  ['tcp://[2001:db8::1]:80', 'tcp 2001:db8::1 80 '],
  ['unix:/run/x', 'unix  0 '],
  ['tcp://name.example:80', 'tcp name.example 80 10.0.0.9'],
  ['srv://_x._tcp.example', 'srv a.example 9001 10.0.0.1'],
])('%s is %s', async (url, place) => expect(await located(url)).toBe(place))

test('where addresses are known nobody is asked', async () => {
  const addresses = [{ address: '10.0.0.5', family: 4 }]
  expect(await located('tcp://name.example:80', { addresses })).toBe('tcp name.example 80 10.0.0.5')
})

test('a name that takes too long is upstream-timeout', async () => {
  const slow = stubResolver(() => new Promise(() => undefined))
  await expect(
    located('tcp://name.example:80', { resolver: slow, connectMs: 10 }),
  ).rejects.toMatchObject({ token: 'upstream-timeout' })
})

test('who has gone waits for nothing', async () => {
  const slow = stubResolver(() => new Promise(() => undefined))
  const gone = AbortSignal.abort(new Error('gone'))
  await expect(located('tcp://name.example:80', { resolver: slow, signal: gone })).rejects.toThrow(
    'gone',
  )
})
