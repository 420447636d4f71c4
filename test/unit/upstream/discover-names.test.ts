import type { LookupAddress } from 'node:dns'
import { isIPv6 } from 'node:net'
import { beforeEach, describe, expect, test } from 'vitest'
import { parseServer } from '../../../src/config/server-url.ts'
import { discoverNames } from '../../../src/upstream/discover-names.ts'
import type { MemberSettings } from '../../../src/upstream/member.ts'
import type { Service } from '../../../src/upstream/resolve-services.ts'
import { stubResolver } from '../../support/stub-resolver.ts'

/** Who follows what; the test says what has become known. */
const names = new Map<string, (addresses: readonly LookupAddress[]) => void>()
const services = new Map<string, (services: readonly Service[]) => void>()
let found: string[][]
let stop: () => void

const discover = discoverNames({
  ...stubResolver(() => []),
  watchAddresses: (name, tell) => {
    names.set(name, tell)
    return () => names.delete(name)
  },
  watchServices: (name, tell) => {
    services.set(name, tell)
    return () => services.delete(name)
  },
})

beforeEach(() => {
  names.clear()
  services.clear()
  found = []
})

function shown({ key, addresses, server, weight }: MemberSettings): string {
  const where = addresses?.map(({ address }) => address).join('+') ?? 'unknown'
  return `${key} -> ${server.host} ${server.port} at ${where}, ${weight}`
}

function follow(url: string, weight = 1): void {
  const server = parseServer(url)
  if (server === undefined) throw new Error(`no URL: ${url}`)
  stop = discover({ server, weight, maxConnections: Infinity }, (members) => {
    found.push(members.map(shown))
  })
}

function tell(name: string, ...addresses: readonly string[]): void {
  names.get(name)?.(addresses.map((address) => ({ address, family: isIPv6(address) ? 6 : 4 })))
}

describe('a server', () => {
  test.each(['http://10.0.0.1:80', 'http://[2001:db8::1]:80', 'unix:/run/app'])(
    '%s is itself, and nobody is asked',
    (url) => {
      follow(url)
      expect(found).toHaveLength(1)
      expect(found[0]).toHaveLength(1)
      expect(names.size).toBe(0)
    },
  )

  test('with a name is as it is written until that is known, then what it stands for', () => {
    follow('http://app:80', 3)
    expect(found.pop()).toEqual(['http://app:80 -> app 80 at unknown, 3'])
    tell('app', '10.0.0.1')
    expect(found.pop()).toEqual(['http://app:80 -> app 80 at 10.0.0.1, 3'])
    tell('app', '10.0.0.2', '10.0.0.1')
    expect(found.pop()).toEqual([
      'http://app:80#10.0.0.1 -> app 80 at 10.0.0.1, 3',
      'http://app:80#10.0.0.2 -> app 80 at 10.0.0.2, 3',
    ])
    stop()
    expect(names.size).toBe(0)
  })

  test('that answers over both families is one server, IPv6 first', () => {
    follow('http://app:80')
    tell('app', '10.0.0.1', '2001:db8::1')
    expect(found.pop()).toEqual(['http://app:80 -> app 80 at 2001:db8::1+10.0.0.1, 1'])
    tell('app', '10.0.0.1', '10.0.0.2', '10.0.0.3', '2001:db8::1', '2001:db8::2')
    expect(found.pop()).toEqual([
      'http://app:80#2001:db8::1 -> app 80 at 2001:db8::1+10.0.0.1, 1',
      'http://app:80#2001:db8::2 -> app 80 at 2001:db8::2+10.0.0.2, 1',
      'http://app:80#10.0.0.3 -> app 80 at 10.0.0.3, 1',
    ])
  })

  test('over both families keeps its key when the address beside it changes', () => {
    follow('http://app:80')
    tell('app', '10.0.0.1', '10.0.0.2', '2001:db8::1', '2001:db8::2')
    const keys = found.pop()!.map((text) => text.split(' ')[0])
    tell('app', '10.0.0.2', '10.0.0.3', '2001:db8::1', '2001:db8::2')
    expect(found.pop()!.map((text) => text.split(' ')[0])).toEqual(keys)
  })
})

describe('a service', () => {
  const url = 'srv://_app._tcp.example.com'

  test('is what is written until it is known, then every host of it', () => {
    follow(url, 2)
    expect(found.pop()).toEqual([`${url} -> _app._tcp.example.com 0 at unknown, 2`])
    services.get('_app._tcp.example.com')!([
      { host: 'a.example', port: 9001, weight: 5 },
      { host: 'b.example', port: 9002, weight: 0 },
    ])
    expect(found.pop()).toEqual([
      `${url}#a.example:9001 -> a.example 9001 at unknown, 10`,
      `${url}#b.example:9002 -> b.example 9002 at unknown, 2`,
    ])
    tell('a.example', '10.0.0.1', '10.0.0.2')
    expect(found.pop()).toEqual([
      `${url}#a.example:9001#10.0.0.1 -> a.example 9001 at 10.0.0.1, 10`,
      `${url}#a.example:9001#10.0.0.2 -> a.example 9001 at 10.0.0.2, 10`,
      `${url}#b.example:9002 -> b.example 9002 at unknown, 2`,
    ])
  })

  test('that changes keeps what it knows of the hosts that stay', () => {
    follow(url)
    const change = services.get('_app._tcp.example.com')!
    change([
      { host: 'a.example', port: 9001, weight: 1 },
      { host: 'b.example', port: 9002, weight: 1 },
    ])
    tell('a.example', '10.0.0.1')
    const before = found.length
    change([
      { host: 'c.example', port: 9003, weight: 1 },
      { host: 'a.example', port: 9001, weight: 7 },
    ])
    expect(found.slice(before)).toEqual([
      [
        `${url}#a.example:9001 -> a.example 9001 at 10.0.0.1, 7`,
        `${url}#c.example:9003 -> c.example 9003 at unknown, 1`,
      ],
    ])
    expect([...names.keys()]).toEqual(['a.example', 'c.example'])
    stop()
    expect([names.size, services.size]).toEqual([0, 0])
  })
})
