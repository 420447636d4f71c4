import type { ResolverOptions } from 'node:dns'
import { Resolver as DnsClient } from 'node:dns/promises'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { HostsFile } from '../../../src/upstream/resolve-hosts.ts'
import { askAddresses, askServices } from '../../../src/upstream/resolve-question.ts'
import type { QuestionParts } from '../../../src/upstream/resolve-question.ts'
import { SystemResolver } from '../../../src/upstream/resolve-system.ts'
import { DnsServer } from '../../support/dns-server.ts'
import { IgnorantSystem } from '../../support/own-resolver.ts'
import { Scratch } from '../../support/scratch.ts'

const scratch = new Scratch()
let server: DnsServer
let parts: QuestionParts
beforeAll(async () => {
  server = await DnsServer.start()
})
beforeEach(() => {
  server.zones.clear()
  server.asked.length = 0
  const hosts = new HostsFile(scratch.write('hosts', '10.9.9.9 own.example Own2.Example # x\n'))
  parts = { dns: () => client(), hosts, system: new IgnorantSystem() }
})
afterEach(() => {
  server.mode = 'answers'
})
afterAll(() => {
  server.stop()
  scratch.remove()
})

function client(options: ResolverOptions = {}): DnsClient {
  const dns = new DnsClient(options)
  dns.setServers([server.address])
  return dns
}

async function addresses(name: string): Promise<string[]> {
  const answer = await askAddresses(name, parts)
  return answer.addresses.map(({ address }) => address)
}

test('both families, the first of each in turn, and the shortest time to live', async () => {
  server.zones.set('app.example', {
    ttl: 30,
    records: ['10.0.0.2', '10.0.0.1', '2001:db8::2', '2001:db8::1', '10.0.0.3'],
  })
  expect(await askAddresses('App.Example.', parts)).toEqual({
    addresses: [
      { address: '2001:db8::1', family: 6 },
      { address: '10.0.0.1', family: 4 },
      { address: '2001:db8::2', family: 6 },
      { address: '10.0.0.2', family: 4 },
      { address: '10.0.0.3', family: 4 },
    ],
    ttlMs: 30_000,
  })
})

test.each([
  [0, 1_000],
  [1_000_000, 3_600_000],
])('a time to live of %i s is %i ms', async (ttl, ttlMs) => {
  server.zones.set('app.example', { ttl, records: ['10.0.0.1'] })
  expect(await askAddresses('app.example', parts)).toMatchObject({ ttlMs })
})

test('one family is enough', async () => {
  server.zones.set('six.example', { ttl: 30, records: ['2001:db8::1'] })
  server.zones.set('four.example', { ttl: 30, records: ['10.0.0.1'] })
  expect(await addresses('six.example')).toEqual(['2001:db8::1'])
  expect(await addresses('four.example')).toEqual(['10.0.0.1'])
})

test('the hosts file comes first, and the DNS is not asked', async () => {
  server.zones.set('own.example', { ttl: 30, records: ['10.0.0.1'] })
  expect(await addresses('own.example')).toEqual(['10.9.9.9'])
  expect(await addresses('OWN2.example')).toEqual(['10.9.9.9'])
  scratch.write('hosts', '10.8.8.8 own.example\n')
  expect(await addresses('own.example')).toEqual(['10.8.8.8'])
  expect(server.asked).toEqual([])
})

test.each(['localhost', 'app.localhost', 'LOCALHOST.'])(
  '%s is loopback, whatever the DNS says',
  async (name) => {
    server.zones.set('app.localhost', { ttl: 30, records: ['192.0.2.1'] })
    expect(await addresses(name)).toEqual(['::1', '127.0.0.1'])
    expect(server.asked).toEqual([])
  },
)

test('what the DNS does not know is looked up as the system does it', async () => {
  const asked: string[] = []
  const system = Object.assign(new SystemResolver(), {
    addresses: async (name: string) => {
      asked.push(name)
      return [{ address: '10.0.0.7', family: 4 }]
    },
  })
  expect(await askAddresses('by-search.domain', { ...parts, system })).toEqual({
    addresses: [{ address: '10.0.0.7', family: 4 }],
    ttlMs: 10_000,
  })
  // A name of one label is meant to be completed.
  await askAddresses('db', { ...parts, system })
  expect(asked).toEqual(['by-search.domain', 'db'])
  expect(server.asked).not.toContain('A db')
})

test('what nobody knows is an error', async () => {
  await expect(addresses('nowhere.invalid')).rejects.toMatchObject({ code: 'ENOTFOUND' })
})

test.each([
  ['failure', 'ESERVFAIL'],
  ['silence', 'ETIMEOUT'],
] as const)(
  'a DNS in %s is an error, and the system is not asked to wait for it',
  async (mode, code) => {
    server.mode = mode
    if (mode === 'silence') parts = { ...parts, dns: () => client({ timeout: 100, tries: 1 }) }
    await expect(addresses('app.example')).rejects.toMatchObject({ code })
  },
)

describe('a SRV record', () => {
  test('names hosts, ports and weights; only the lowest priority counts', async () => {
    server.zones.set('_app._tcp.example.com', {
      ttl: 30,
      records: ['10 5 9001 A.example', '10 0 9002 b.example', '20 0 9003 backup.example'],
    })
    const { services } = await askServices('_app._tcp.example.com', parts)
    expect(services).toEqual([
      { host: 'a.example', port: 9001, weight: 5 },
      { host: 'b.example', port: 9002, weight: 0 },
    ])
  })

  test('that names the root says that there is no service', async () => {
    server.zones.set('_app._tcp.example.com', { ttl: 30, records: ['0 0 0 '] })
    await expect(askServices('_app._tcp.example.com', parts)).rejects.toMatchObject({
      code: 'ENODATA',
    })
  })

  test('that is not there is an error', async () => {
    await expect(askServices('_app._tcp.example.com', parts)).rejects.toMatchObject({
      code: 'ENOTFOUND',
    })
  })
})
