import { expect, test } from 'vitest'
import { Secret } from '../../../src/config/secret.ts'
import { Sticky } from '../../../src/upstream/sticky.ts'
import { membersOf } from './made-members.ts'
import { asks } from './upstreams.ts'

const config = { cookie: 'seat', sameSite: 'lax' } as const
const members = membersOf([1, 1, 1])

function stickyOf(more: Partial<ConstructorParameters<typeof Sticky>[0]> = {}, scope = 'app') {
  const sticky = new Sticky({ ...config, ...more }, scope)
  sticky.know(members)
  return sticky
}

function valueFor(sticky: Sticky, at: number): string {
  return /^seat=([^;]*);/.exec(sticky.cookieFor(asks(), members[at]!) ?? '')![1]!
}

test('a value leads back to its member, and no cookie is set again', () => {
  const sticky = stickyOf()
  for (const [at, member] of members.entries()) {
    const back = asks(['Cookie', `other=1; seat=${valueFor(sticky, at)}`])
    expect(sticky.find(back)).toBe(member)
    expect(sticky.cookieFor(back, member)).toBeUndefined()
    expect(sticky.cookieFor(back, members[(at + 1) % 3]!)).toContain('seat=')
  }
})

test('every gateway of one configuration makes the same values', () => {
  expect(valueFor(stickyOf(), 1)).toBe(valueFor(stickyOf(), 1))
})

test('values differ by member, by pool and by secret, and tell no address', () => {
  const secret = new Secret('something')
  const values = [stickyOf(), stickyOf({}, 'other'), stickyOf({ secret })].flatMap((sticky) =>
    members.map((_, at) => valueFor(sticky, at)),
  )
  expect(new Set(values).size).toBe(9)
  for (const value of values) expect(value).toMatch(/^[\w-]{16}$/)
})

test.each([
  ['none', []],
  ['of another name', ['Cookie', 'Seat=x']],
  ['with a value that is nobody’s', ['Cookie', 'seat=10.0.0.1']],
  ['with an empty value', ['Cookie', 'seat=']],
])('a cookie binds to nobody: %s', (_, headers) => {
  expect(stickyOf().find(asks(headers))).toBeUndefined()
})

test('of several cookies the first that is known counts', () => {
  const sticky = stickyOf()
  const headers = ['Cookie', 'seat=gone', 'Cookie', `seat=${valueFor(sticky, 2)}`]
  expect(sticky.find(asks(headers))).toBe(members[2])
})

test.each([
  ['http', 'lax', 'Path=/; HttpOnly; SameSite=Lax'],
  ['https', 'lax', 'Path=/; HttpOnly; Secure; SameSite=Lax'],
  ['https', 'strict', 'Path=/; HttpOnly; Secure; SameSite=Strict'],
  ['http', 'none', 'Path=/; HttpOnly; Secure; SameSite=None'],
] as const)('over %s with SameSite %s it is %s', (scheme, sameSite, attributes) => {
  const set = stickyOf({ sameSite }).cookieFor(asks([], { scheme }), members[0]!)
  expect(set?.slice(set.indexOf(';') + 2)).toBe(attributes)
})

test('a member that has left is nobody’s any more', () => {
  const sticky = stickyOf()
  const back = asks(['Cookie', `seat=${valueFor(sticky, 0)}`])
  sticky.know(members.slice(1))
  expect(sticky.find(back)).toBeUndefined()
})
