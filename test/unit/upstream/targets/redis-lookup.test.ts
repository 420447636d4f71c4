import { afterEach, expect, test } from 'vitest'
import type { RedisLookupConfig } from '../../../../src/config/settled/targets.ts'
import { Secret } from '../../../../src/config/secret.ts'
import { RedisLookup } from '../../../../src/upstream/targets/redis-lookup.ts'
import { rawServer } from '../../../support/peers.ts'
import type { Peer } from '../../../support/peers.ts'
import { find } from './lookup-suite.ts'

// What a real server does with it is in test/system/redis-targets.test.ts.

const closing: { close?(): void }[] = []
afterEach(() => {
  for (const one of closing.splice(0)) one.close?.()
})

function lookupAt(port: number, more: Partial<RedisLookupConfig> = {}): RedisLookup {
  const settings = { kind: 'redis', host: '127.0.0.1', db: 0, tls: false, namespace: '' } as const
  const lookup = new RedisLookup({ ...settings, port, timeout: 5_000, ...more })
  closing.push(lookup)
  return lookup
}

async function server(answer: (bytes: Buffer) => string | undefined): Promise<Peer> {
  const peer = await rawServer((socket) => {
    socket.on('data', (bytes: Buffer) => {
      const text = answer(bytes)
      if (text !== undefined) socket.write(text)
    })
  })
  closing.push(peer)
  return peer
}

test('a closed port is target-unavailable, and so it is again', async () => {
  const closed = await rawServer(() => undefined)
  closed.close()
  const lookup = lookupAt(closed.port)
  expect(await find(lookup, 'a-token')).toBe('target-unavailable')
  expect(await find(lookup, 'a-token')).toBe('target-unavailable')
})

test('a server that says nothing is target-unavailable after the timeout', async () => {
  const silent = await server(() => undefined)
  expect(await find(lookupAt(silent.port, { timeout: 40 }), 'a-token')).toBe('target-unavailable')
})

test('a server that is none is target-unavailable', async () => {
  const other = await server(() => 'HTTP/1.1 400 Bad Request\r\n\r\n')
  const lookup = lookupAt(other.port, { timeout: 500 })
  expect(await find(lookup, 'a-token')).toBe('target-unavailable')
})

test('an error of the server is target-unavailable, and neither key nor password are in it', async () => {
  const seen: string[] = []
  const refusing = await server((bytes) => {
    seen.push(bytes.toString())
    return '-WRONGPASS hunter2 and a-token are not welcome\r\n'.repeat(8)
  })
  const lookup = lookupAt(refusing.port, { password: new Secret('hunter2') })
  const error: unknown = await lookup
    .find('a-token', new AbortController().signal)
    .catch((thrown: unknown) => thrown)
  expect(error).toMatchObject({ token: 'target-unavailable' })
  expect(JSON.stringify([String(error), (error as Error).cause])).not.toMatch(/hunter2|a-token/)
  expect(seen.join('')).toContain('hunter2')
})

test('who has gone waits for nothing', async () => {
  const gone = new AbortController()
  const silent = await server(() => {
    gone.abort(new Error('gone'))
    return undefined
  })
  await expect(lookupAt(silent.port).find('a-token', gone.signal)).rejects.toThrow('gone')
})

test('a connection that fails when nobody waits any more fails for nobody', async () => {
  const closed = await rawServer(() => undefined)
  closed.close()
  const lookup = lookupAt(closed.port)
  // Unhandled, its failure would end this test.
  await expect(lookup.find('a-token', AbortSignal.abort(new Error('gone')))).rejects.toThrow('gone')
  expect(await find(lookup, 'a-token')).toBe('target-unavailable')
})

/** A server that answers the key `KEY` with a reply, and everything else as Redis does at the start. */
async function serverOf(
  replies: Readonly<Record<string, string>>,
): Promise<{ port: number; connections: () => number }> {
  let connections = 0
  const peer = await rawServer((socket) => {
    connections++
    socket.on('data', (bytes: Buffer) => {
      for (const command of bytes.toString().split(/(?=\*\d+\r\n)/)) {
        const [, key = ''] = /\r\nGET\r\n\$\d+\r\n(.*)\r\n/.exec(command) ?? []
        socket.write(replies[key] ?? '+OK\r\n')
      }
    })
  })
  closing.push(peer)
  return { port: peer.port, connections: () => connections }
}

test('an error reply is about one key: others are answered on the same connection', async () => {
  const { port, connections } = await serverOf({
    list: '-WRONGTYPE Operation against a key holding the wrong kind of value\r\n',
    closed: '-NOPERM no permissions to access closed\r\n',
    busy: '-ERR busy\r\n',
    good: '$13\r\n10.0.0.1:5900\r\n',
  })
  const lookup = lookupAt(port)
  const asking = ['good', 'list', 'closed', 'good', 'busy', 'good']
  expect(await Promise.all(asking.map((token) => find(lookup, token)))).toEqual([
    '10.0.0.1:5900',
    'unknown',
    'target-unavailable',
    '10.0.0.1:5900',
    'target-unavailable',
    '10.0.0.1:5900',
  ])
  expect(await find(lookup, 'good')).toBe('10.0.0.1:5900')
  expect(connections()).toBe(1)
  await expect(lookup.find('closed', new AbortController().signal)).rejects.toThrow(
    `redis 127.0.0.1:${port} refuses to answer: NOPERM`,
  )
})
