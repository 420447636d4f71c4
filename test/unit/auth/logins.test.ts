import { describe, expect, test } from 'vitest'
import type { Identity } from '../../../src/auth/identity.ts'
import { Logins } from '../../../src/auth/logins.ts'
import type { Revocation } from '../../../src/auth/revocation.ts'
import { Revocations } from '../../../src/auth/revocations.ts'
import { identity } from './identities.ts'

const soon = Math.floor(Date.now() / 1000) + 3600

function setUp() {
  const revocations = new Revocations({ now: Date.now, asksAnew: (name) => name === 'portal' })
  const logins = new Logins(revocations)
  const ended: string[] = []
  let sessions = 0
  const enter = (changes: Partial<Identity> | undefined, id = `s${sessions++}`) =>
    logins.enter({
      id,
      identity: changes && identity(changes),
      end: (error) => void ended.push(`${id} ${error.token}`),
    })
  return { logins, revocations, ended, enter }
}

describe('a revocation ends', () => {
  test.each<[Revocation, string[]]>([
    [{ subject: 'ada' }, ['phone', 'desk', 'portal']],
    [{ subject: 'ada', authenticator: 'portal' }, ['portal']],
    [{ tokenId: 't2' }, ['desk']],
    [{ tokenId: 't2', authenticator: 'portal' }, []],
    [{ sessionId: 'login' }, ['phone', 'grace']],
    [{ id: 'nobody' }, ['nobody']],
    [{ id: 'desk' }, ['desk']],
    [{ subject: '' }, []],
    [{ subject: '__proto__' }, []],
    [{ subject: 'staff\0ada' }, []],
  ])('%j: %j', (revocation, expected) => {
    const { logins, ended, enter } = setUp()
    enter({ credentialId: 't1', sessionId: 'login' }, 'phone')
    enter({ credentialId: 't2' }, 'desk')
    enter({ authenticator: 'portal' }, 'portal')
    enter({ subject: 'grace', sessionId: 'login' }, 'grace')
    enter({ subject: '' }, 'unnamed')
    enter(undefined, 'nobody')
    expect(logins.revoke(revocation)).toBe(expected.length)
    expect(ended).toEqual(expected.map((id) => `${id} session-revoked`))
    expect(logins.revoke(revocation)).toBe(0)
  })

  test('nothing that has left', () => {
    const { logins, ended, enter } = setUp()
    enter({})()
    enter(undefined, 'gone')()
    expect(logins.revoke({ subject: 'ada' })).toBe(0)
    expect(logins.revoke({ id: 'gone' })).toBe(0)
    expect(ended).toEqual([])
  })
})

describe('after a revocation is refused', () => {
  test('the credential of a session that was ended, by whatever it was named', () => {
    for (const by of ['subject', 'id', 'tokenId', 'sessionId'] as const) {
      const { logins } = setUp()
      const one = identity({
        subject: 'v',
        credentialId: 'v',
        sessionId: 'v',
        claims: { iat: soon },
      })
      logins.enter({ id: 'v', identity: one, end: () => undefined })
      logins.check(one)
      logins.revoke({ [by]: 'v' } as unknown as Revocation)
      expect(() => logins.check(one)).toThrow(
        expect.objectContaining({ token: 'credentials-invalid' }),
      )
    }
  })

  test('a login that is asked about anew, by the credential that it was ended with', () => {
    const { logins } = setUp()
    const one = identity({ authenticator: 'portal' })
    logins.enter({ id: '1', identity: one, end: () => undefined })
    logins.revoke({ subject: 'ada' })
    expect(() => logins.check(one)).toThrow()
    logins.check(identity({ authenticator: 'portal' }))
  })

  test('who comes in only now, on the way from the check to the session', () => {
    const { logins, ended, enter } = setUp()
    logins.revoke({ tokenId: 't1' })
    enter({ credentialId: 't1' }, 'late')
    expect(ended).toEqual(['late session-revoked'])
  })
})

const all = (enter: ReturnType<typeof setUp>['enter']): void => {
  enter({ sessionId: 'one' }, 'named')
  enter({ sessionId: 'two' }, 'other login')
  enter({}, 'nameless')
  enter({ authenticator: 'others', sessionId: 'one' }, 'of another issuer')
  enter({ authenticator: 'others' }, 'nameless of another issuer')
}

describe('a logout at a provider', () => {
  test.each([
    [
      'of a subject',
      { subject: 'ada', sessionId: undefined },
      ['named', 'other login', 'nameless'],
    ],
    ['of a login', { subject: undefined, sessionId: 'one' }, ['named']],
    ['of a login and its subject', { subject: 'ada', sessionId: 'one' }, ['named', 'nameless']],
  ])('%s', (_, logout, expected) => {
    const { logins, ended, enter } = setUp()
    all(enter)
    expect(logins.logOut({ authenticator: 'staff', ...logout })).toBe(expected.length)
    expect(ended.toSorted()).toEqual(expected.map((id) => `${id} session-revoked`).toSorted())
  })
})

test('what is no revocation is a mistake, and ends nothing', () => {
  const { logins, ended, enter } = setUp()
  enter({ credentialId: 'x' })
  const wrong: unknown[] = [
    {},
    { subject: undefined },
    { subject: null },
    { subject: 1 },
    { subject: 'ada', tokenId: 'x' },
    { authenticator: 'staff' },
  ]
  for (const revocation of wrong) {
    expect(() => logins.revoke(revocation as Revocation)).toThrow(TypeError)
  }
  expect(ended).toEqual([])
})
