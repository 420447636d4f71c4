import { Resolver as DnsClient } from 'node:dns/promises'
import { setImmediate } from 'node:timers/promises'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { HostsFile } from '../../../src/upstream/resolve-hosts.ts'
import { Resolver } from '../../../src/upstream/resolve.ts'
import { SystemResolver } from '../../../src/upstream/resolve-system.ts'

const calm = new AbortController().signal

/** What the DNS says; undefined is SERVFAIL. */
let answer: { readonly addresses: readonly string[]; readonly ttl: number } | undefined
let asked = 0
/** Questions wait for it. */
let gate: Promise<void> | undefined
let resolver: Resolver

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] })
  answer = { addresses: ['10.0.0.1'], ttl: 30 }
  asked = 0
  gate = undefined
  const dns = Object.assign(new DnsClient(), {
    resolve4: async () => {
      asked++
      await gate
      if (answer === undefined) throw Object.assign(new Error('failed'), { code: 'ESERVFAIL' })
      const { ttl } = answer
      return answer.addresses.map((address) => ({ address, ttl }))
    },
    resolve6: () => Promise.reject(Object.assign(new Error('none'), { code: 'ENODATA' })),
    resolveSrv: async () => {
      if (answer === undefined) throw Object.assign(new Error('failed'), { code: 'ESERVFAIL' })
      return answer.addresses.map((name) => ({ name, port: 80, weight: 0, priority: 0 }))
    },
  })
  // A file would be read in a time of its own.
  const hosts = Object.assign(new HostsFile(), { addresses: async () => undefined })
  resolver = new Resolver({ dns: () => dns, hosts, system: new SystemResolver() })
})
afterEach(() => vi.useRealTimers())

async function resolve(name = 'app.example', signal = calm): Promise<string> {
  const found = await resolver.addresses(name, signal)
  return found.map(({ address }) => address).join()
}

/** Lets what is under way come to its end. */
async function settle(): Promise<void> {
  for (let turn = 0; turn < 10; turn++) await setImmediate()
}

async function after(ms: number): Promise<void> {
  await settle()
  vi.advanceTimersByTime(ms)
  await settle()
}

test('an answer is good for its time to live, and no longer', async () => {
  expect(await resolve()).toBe('10.0.0.1')
  answer = { addresses: ['10.0.0.2'], ttl: 30 }
  vi.advanceTimersByTime(29_999)
  expect(await resolve()).toBe('10.0.0.1')
  vi.advanceTimersByTime(1)
  expect(await resolve()).toBe('10.0.0.2')
  expect(asked).toBe(2)
})

test('while the DNS fails, the last good answer goes on for five minutes', async () => {
  await resolve()
  answer = undefined
  vi.advanceTimersByTime(30_000 + 299_999)
  expect(await resolve()).toBe('10.0.0.1')
  vi.advanceTimersByTime(1)
  await expect(resolve()).rejects.toMatchObject({ token: 'upstream-unresolved' })
})

test('what was never known is upstream-unresolved, with the name and the reason', async () => {
  answer = undefined
  await expect(resolve()).rejects.toMatchObject({
    token: 'upstream-unresolved',
    message: 'app.example: ESERVFAIL',
  })
})

test('those who ask meanwhile share a question; who has gone leaves it to the others', async () => {
  const open = Promise.withResolvers<void>()
  gate = open.promise
  const gone = new AbortController()
  const leaving = resolve('app.example', gone.signal)
  const staying = [resolve(), resolve()]
  gone.abort(new Error('gone'))
  await expect(leaving).rejects.toThrow('gone')
  open.resolve()
  expect(await Promise.all(staying)).toEqual(['10.0.0.1', '10.0.0.1'])
  expect(asked).toBe(1)
})

test('names that clients make up do not fill the memory', async () => {
  await resolve('first.example')
  for (let at = 0; at < 1_000; at++) await resolve(`name-${at}.example`)
  asked = 0
  await resolve('name-999.example')
  expect(asked).toBe(0)
  await resolve('first.example')
  expect(asked).toBe(1)
})

describe('who follows a name', () => {
  test('is told what has changed, when its time to live is over', async () => {
    const told: string[] = []
    const stop = resolver.watchAddresses('app.example', (found) => {
      told.push(found.map(({ address }) => address).join())
    })
    await settle()
    expect(told).toEqual(['10.0.0.1'])
    await after(30_000)
    expect([asked, told]).toEqual([2, ['10.0.0.1']])
    answer = { addresses: ['10.0.0.3', '10.0.0.2'], ttl: 5 }
    await after(30_000)
    expect(told).toEqual(['10.0.0.1', '10.0.0.2,10.0.0.3'])
    // The order in which servers rotate their answers is no change.
    answer = { addresses: ['10.0.0.2', '10.0.0.3'], ttl: 5 }
    await after(5_000)
    expect([asked, told.length]).toEqual([4, 2])
    stop()
    await after(60_000)
    expect(asked).toBe(4)
  })

  test('is told nothing while the DNS fails, however long, and asks every five seconds', async () => {
    const told: string[] = []
    const stop = resolver.watchAddresses('app.example', (found) => {
      told.push(found.map(({ address }) => address).join())
    })
    await settle()
    answer = undefined
    await after(30_000)
    for (let round = 0; round < 200; round++) await after(5_000)
    expect([asked, told]).toEqual([202, ['10.0.0.1']])
    answer = { addresses: ['10.0.0.2'], ttl: 30 }
    await after(5_000)
    expect(told).toEqual(['10.0.0.1', '10.0.0.2'])
    stop()
  })

  test('of services is told of them', async () => {
    const told: string[] = []
    const stop = resolver.watchServices('_app._tcp.example.com', (found) => {
      told.push(found.map(({ host, port }) => `${host}:${port}`).join())
    })
    await settle()
    answer = { addresses: ['b.example', 'c.example'], ttl: 0 }
    await after(10_000)
    expect(told).toEqual(['10.0.0.1:80', 'b.example:80,c.example:80'])
    stop()
  })
})

test('a question is given up when the last who asks has gone, and asked anew for the next', async () => {
  const asking: AbortSignal[] = []
  const system = new SystemResolver()
  system.addresses = (_, signal) => {
    asking.push(signal!)
    if (asking.length > 1) return Promise.resolve([{ address: '10.0.0.3', family: 4 }])
    return new Promise((_resolve, reject) => {
      signal!.addEventListener('abort', () => reject(signal!.reason as Error))
    })
  }
  const hosts = Object.assign(new HostsFile(), { addresses: async () => undefined })
  resolver = new Resolver({ dns: () => new DnsClient(), hosts, system })
  const [one, two] = [new AbortController(), new AbortController()]
  const both = [resolve('desk', one.signal), resolve('desk', two.signal)]
  await settle()
  one.abort(new Error('one has gone'))
  await expect(both[0]).rejects.toThrow('one has gone')
  expect(asking.map(({ aborted }) => aborted)).toEqual([false])
  two.abort(new Error('two has gone'))
  await expect(both[1]).rejects.toThrow('two has gone')
  expect(asking.map(({ aborted }) => aborted)).toEqual([true])
  expect(await resolve('desk')).toBe('10.0.0.3')
})
