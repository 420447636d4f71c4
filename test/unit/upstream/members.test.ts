import { expect, test } from 'vitest'
import { parseServer } from '../../../src/config/server-url.ts'
import type { MemberSettings } from '../../../src/upstream/member.ts'
import { Members } from '../../../src/upstream/members.ts'
import { occupy, ToldHealth } from './made-members.ts'

const url = 'http://app.internal:9001'

function at(address: string, more: Partial<MemberSettings> = {}): MemberSettings {
  const server = parseServer(url)!
  return { key: `${url} ${address}`, server, weight: 1, maxConnections: 10, ...more }
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
  expect(members.setMode(`${url} c`, 'ready')).toHaveLength(1)
  expect(members.all.map(({ mode }) => mode)).toEqual(['drain', 'ready'])
  expect(members.setMode(url, 'maintenance')).toHaveLength(2)
  members.replace([])
  members.replace([at('c')])
  expect(members.all.map(({ mode }) => mode)).toEqual(['maintenance'])
})

test('a mode of a server that is not there is none', () => {
  const { members } = watched()
  members.replace([at('a')])
  expect(members.setMode('http://nowhere', 'drain')).toBeUndefined()
})
