import { describe, expect, test } from 'vitest'
import type { Identity } from '../../../src/auth/identity.ts'
import { keyOf } from '../../../src/auth/revocation.ts'
import { Revocations } from '../../../src/auth/revocations.ts'
import { identity } from './identities.ts'

const hour = 3_600_000

function setUp(capacity?: number) {
  const clock = { now: 1_000_000_500 }
  let overflows = 0
  const revocations = new Revocations({
    now: () => clock.now,
    asksAnew: (authenticator) => authenticator === 'portal',
    overflowed: () => overflows++,
    ...(capacity === undefined ? {} : { capacity }),
  })
  return { clock, revocations, overflows: () => overflows }
}

/** Issued at a second; the revocation is made in second 1,000,000. */
const issued = (iat: unknown): Partial<Identity> => ({ claims: { iat } })

describe('a subject that was revoked', () => {
  test.each<[string, Partial<Identity>, boolean]>([
    ['with a token of before', issued(999_999), true],
    ['with a token of the same second', issued(1_000_000), true],
    ['with a token of the same second and a fraction', issued(1_000_000.9), true],
    ['with a token of after', issued(1_000_001), false],
    ['with a token that does not say', {}, true],
    ['with a token that says nonsense', issued('1000001'), true],
    ['with another authenticator', { authenticator: 'others' }, true],
    ['whose login is asked about anew each time', { authenticator: 'portal' }, false],
    ['under another name', { subject: 'grace' }, false],
  ])('%s', (_, changes, refused) => {
    const { revocations } = setUp()
    revocations.refuse(keyOf('subject', '', 'ada'))
    expect(revocations.refuses(identity(changes))).toBe(refused)
  })

  test('of one authenticator is not refused by others', () => {
    const { revocations } = setUp()
    revocations.refuse(keyOf('subject', 'staff', 'ada'))
    expect(revocations.refuses(identity())).toBe(true)
    expect(revocations.refuses(identity({ authenticator: 'others' }))).toBe(false)
  })
})

describe('is refused, whenever it was issued', () => {
  test.each<['tokenId' | 'sessionId', Partial<Identity>]>([
    ['tokenId', { credentialId: 'x' }],
    ['sessionId', { sessionId: 'x' }],
  ])('by its %s', (kind, changes) => {
    const { revocations } = setUp()
    revocations.refuse(keyOf(kind, '', 'x'))
    expect(revocations.refuses(identity({ ...changes, ...issued(2_000_000) }))).toBe(true)
    expect(revocations.refuses(identity({ subject: 'x' }))).toBe(false)
  })

  test('by the credential itself', () => {
    const { revocations } = setUp()
    const one = identity({ authenticator: 'portal' })
    revocations.refuseCredential(one)
    expect(revocations.refuses({ ...one })).toBe(true)
    expect(revocations.refuses(identity({ authenticator: 'portal' }))).toBe(false)
  })
})

test('a credential is refused until no tolerance could let it pass any more', () => {
  const { clock, revocations } = setUp()
  const one = identity({ expiresAt: clock.now + 1000 })
  revocations.refuseCredential(one)
  clock.now += 31_000
  expect(revocations.refuses(one)).toBe(true)
  clock.now += hour
  expect(revocations.refuses(one)).toBe(false)
})

test('what has expired long ago is not remembered', () => {
  const { clock, revocations } = setUp()
  revocations.refuseCredential(identity({ expiresAt: clock.now - 2 * hour }))
  expect(revocations.size).toBe(0)
})

describe('memory is bounded', () => {
  test('by the number of revocations: what is over goes first', () => {
    const { clock, revocations, overflows } = setUp(10)
    for (let count = 0; count < 5; count++) revocations.refuse(`short ${count}`, clock.now + 1)
    for (let count = 0; count < 5; count++) revocations.refuse(keyOf('subject', '', `${count}`))
    clock.now += 2 * hour
    revocations.refuse('one more')
    expect(revocations.size).toBe(6)
    expect(overflows()).toBe(0)
    expect(revocations.refuses(identity({ subject: '0' }))).toBe(true)
  })

  test('and else the oldest, which is told', () => {
    const { revocations, overflows } = setUp(1000)
    for (let count = 0; count < 1500; count++) revocations.refuse(keyOf('subject', '', `${count}`))
    expect(revocations.size).toBe(1000)
    expect(overflows()).toBe(500)
    expect(revocations.refuses(identity({ subject: '499' }))).toBe(false)
    expect(revocations.refuses(identity({ subject: '500' }))).toBe(true)
  })

  test('one that is made again is not another', () => {
    const { revocations } = setUp(2)
    for (let count = 0; count < 5; count++) revocations.refuse(keyOf('subject', '', 'ada'))
    expect(revocations.size).toBe(1)
  })
})
