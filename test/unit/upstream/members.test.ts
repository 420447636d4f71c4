import { isIPv6 } from 'node:net'
import { describe, expect, test } from 'vitest'
import { parseServer } from '../../../src/config/server-url.ts'
import { hashText } from '../../../src/upstream/balance/hash.ts'
import type { MemberSettings } from '../../../src/upstream/member.ts'
import { Members } from '../../../src/upstream/members.ts'
import { occupy, ToldHealth } from './made-members.ts'

const url = 'http://app.internal:9001'

function at(address: string, more: Partial<MemberSettings> = {}): MemberSettings {
  const server = parseServer(url)!
  return { key: `${url}#${address}`, server, weight: 1, maxConnections: 10, ...more }
}

function watched() {
  const healths: ToldHealth[] = []
  const members = new Members(() => {
    const health = new ToldHealth()
    healths.push(health)
    return health
  })
  return { members, healths }
}

test('one that is named again is the same, with what is known of it and by its new settings', () => {
  const { members, healths } = watched()
  members.replace([at('a'), at('b')])
  const [first] = members.all
  occupy(first!, 3)
  members.replace([at('a', { weight: 5, maxConnections: 3 }), at('c')])
  expect(members.all[0]).toBe(first)
  expect(first).toMatchObject({ live: 3, full: true })
  expect(first!.weight(0)).toBe(5)
  expect(healths.map(({ stopped }) => stopped)).toEqual([false, true, false])
})

test('one that left with sessions comes back with them, watched anew', () => {
  const { members, healths } = watched()
  members.replace([at('a'), at('b')])
  const [, busy] = members.all
  const [lease] = occupy(busy!)
  expect(members.replace([at('a')])).toEqual([busy])
  members.replace([at('b')])
  expect(members.all).toEqual([busy])
  expect(busy!.health).toBe(healths.at(-1))
  expect(healths.at(-1)!.stopped).toBe(false)
  lease!.release()
  expect(busy!.live).toBe(0)
})

test('one that left without sessions is forgotten', () => {
  const { members } = watched()
  members.replace([at('a')])
  const [first] = members.all
  members.replace([at('b')])
  members.replace([at('a')])
  expect(members.all[0]).not.toBe(first)
})

/** What a name stands for that has these addresses. */
function named(...addresses: readonly string[]): MemberSettings[] {
  return addresses.map((address) => ({
    ...at(address),
    ...(addresses.length === 1 && { key: url }),
    addresses: [{ address, family: isIPv6(address) ? 6 : 4 }],
  }))
}

describe('a name that gets and loses addresses', () => {
  test('keeps its sessions where they are, and the health it knows of', () => {
    const { members, healths } = watched()
    members.replace(named('10.0.0.1'))
    const [first] = members.all
    occupy(first!, 2)
    members.replace(named('10.0.0.0', '10.0.0.1'))
    expect(members.all.map(({ key, live }) => [key, live])).toEqual([
      [`${url}#10.0.0.0`, 0],
      [`${url}#10.0.0.1`, 2],
    ])
    members.replace(named('10.0.0.1'))
    expect(members.all).toEqual([first])
    expect(first).toMatchObject({ key: url, live: 2, hash: hashText(url) })
    expect(first!.health).toBe(healths[0])
    expect(healths.map(({ stopped }) => stopped)).toEqual([false, true])
  })

  test('has the sessions of an address back with it, whatever the others are', () => {
    const { members } = watched()
    members.replace(named('10.0.0.1', '10.0.0.2'))
    const [gone, stays] = members.all
    occupy(gone!)
    members.replace(named('10.0.0.2'))
    expect(members.all).toEqual([stays])
    members.replace(named('10.0.0.3', '10.0.0.4'))
    members.replace(named('10.0.0.1'))
    expect(members.all).toEqual([gone])
    expect(gone).toMatchObject({ key: url, live: 1 })
  })

  test('keeps what it knows over a reload, where nobody has been asked yet', () => {
    const { members } = watched()
    members.replace(named('10.0.0.1'))
    const [first] = members.all
    expect(members.replace([{ ...named('10.0.0.1')[0]!, addresses: undefined }])).toEqual([])
    expect(first!.addresses).toMatchObject([{ address: '10.0.0.1' }])
    members.replace(named('10.0.0.1', '10.0.0.2'))
    expect(members.all[0]).toBe(first)
  })

  test('takes nobody else’s sessions for its own', () => {
    const { members } = watched()
    const other = 'http://other.internal:9001'
    members.replace([{ ...named('10.0.0.1')[0]!, key: other, server: parseServer(other)! }])
    occupy(members.all[0]!)
    members.replace(named('10.0.0.1', '10.0.0.2'))
    expect(members.all.map(({ live }) => live)).toEqual([0, 0])
  })

  test('has a word about an address hold while it is the only one, and no longer', () => {
    const { members } = watched()
    const modes = (): string[] => members.all.map(({ mode }) => mode)
    members.replace(named('10.0.0.1', '10.0.0.2'))
    members.setMode(`${url}#10.0.0.1`, 'drain')
    members.replace(named('10.0.0.1'))
    expect(modes()).toEqual(['drain'])
    members.replace(named('10.0.0.2'))
    expect(modes()).toEqual(['ready'])
    members.setMode(url, 'ready')
    members.replace(named('10.0.0.1', '10.0.0.2'))
    expect(modes()).toEqual(['ready', 'ready'])
  })
})

test('a word about a host of a service holds for the addresses that it gets', () => {
  const { members } = watched()
  const host = `${url}#a.internal:9001`
  const settings = named('10.0.0.1', '10.0.0.2')
  members.replace([{ ...settings[0]!, key: host }])
  members.setMode(host, 'maintenance')
  members.replace(settings.map((one) => ({ ...one, key: one.key.replace(url, host) })))
  expect(members.all.map(({ mode }) => mode)).toEqual(['maintenance', 'maintenance'])
})

test('what has moved to other addresses is told with what has left', () => {
  const { members } = watched()
  members.replace([...named('10.0.0.1'), at('stays')])
  const [moving] = members.all
  expect(members.replace([...named('10.0.0.2'), at('stays')])).toEqual([moving])
  expect(members.replace([...named('10.0.0.2'), at('stays')])).toEqual([])
})

test('of two with one key there is one', () => {
  const { members } = watched()
  members.replace([at('a', { weight: 2 }), at('a', { weight: 3 })])
  expect(members.all.map((member) => member.weight(0))).toEqual([2])
})

test('a mode is for all addresses of a URL, those to come too, until the next word', () => {
  const { members } = watched()
  members.replace([at('a'), at('b')])
  expect(members.setMode(url, 'drain')).toHaveLength(2)
  members.replace([at('b'), at('c')])
  expect(members.all.map(({ mode }) => mode)).toEqual(['drain', 'drain'])
  expect(members.setMode(`${url}#c`, 'ready')).toHaveLength(1)
  expect(members.all.map(({ mode }) => mode)).toEqual(['drain', 'ready'])
  expect(members.setMode(url, 'maintenance')).toHaveLength(2)
  members.replace([])
  members.replace([at('c')])
  expect(members.all.map(({ mode }) => mode)).toEqual(['maintenance'])
})

test('a mode is for those that have left with sessions, too', () => {
  const { members } = watched()
  members.replace([at('a'), at('b')])
  const [busy] = members.all
  occupy(busy!)
  members.replace([at('b')])
  expect(members.setMode(`${url}#a`, 'maintenance')).toEqual([busy])
  expect(members.setMode(url, 'drain')).toEqual([members.all[0], busy])
})

test('a mode of a server that is not there is none', () => {
  const { members } = watched()
  members.replace([at('a')])
  expect(members.setMode('http://nowhere', 'drain')).toBeUndefined()
})
