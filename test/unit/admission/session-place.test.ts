import { describe, expect, test } from 'vitest'
import { LocalLedger } from '../../../src/admission/local-ledger.ts'
import { SessionPlace } from '../../../src/admission/session-place.ts'
import type { SessionLimits } from '../../../src/admission/session-place.ts'
import type { Identity } from '../../../src/auth/identity.ts'

const none: SessionLimits = {
  sessions: Infinity,
  sessionsPerClient: Infinity,
  sessionsPerIdentity: Infinity,
  own: { sessionsPerClient: false, sessionsPerIdentity: false },
}

function who(subject: string, authenticator = 'staff'): Identity {
  return {
    authenticator,
    subject,
    name: undefined,
    claims: {},
    expiresAt: Infinity,
    credentialId: undefined,
    sessionId: undefined,
    fingerprint: '',
    headers: [],
  }
}

interface Ask {
  readonly route?: string
  readonly client?: string
  readonly identity?: Identity
  /** What the route has written itself. */
  readonly limits?: Partial<SessionLimits>
}

/** @param global what the routes have where they say nothing themselves */
function setUp(global: Partial<SessionLimits> = {}) {
  const ledger = new LocalLedger()
  const all = { ...none, ...global }
  /** Acquires everything, or gives back what it had and throws. */
  const open = ({ route = 'main', client = '192.0.2.1', identity, limits }: Ask): SessionPlace => {
    const own = {
      sessionsPerClient: limits?.sessionsPerClient !== undefined,
      sessionsPerIdentity: limits?.sessionsPerIdentity !== undefined,
    }
    const place = new SessionPlace(ledger, { route, client, limits: { ...all, ...limits, own } })
    try {
      place.admitClient()
      place.admitIdentity(identity)
      return place
    } catch (error) {
      place.release()
      throw error
    }
  }
  const known = (): number =>
    ['sessions', 'sessionsPerClient', 'sessionsPerIdentity'].reduce(
      (sum, account) => sum + ledger.size(account),
      0,
    )
  return { open, known }
}

const refusal = (token: string): unknown => expect.objectContaining({ token })

describe.each([
  ['sessions', {}, { route: 'other' }, 'route-limit'],
  ['sessionsPerClient', {}, { client: '192.0.2.2' }, 'client-limit'],
  ['sessionsPerIdentity', { identity: who('a') }, { identity: who('b') }, 'identity-limit'],
] as const)('%s', (limit, one, other, token) => {
  test('lets in up to the limit, and again once one has ended', () => {
    const { open } = setUp({ [limit]: 2 })
    const first = open(one)
    open(one)
    expect(() => open(one)).toThrow(refusal(token))
    open(other)
    first.release()
    first.release()
    open(one)
    expect(() => open(one)).toThrow(refusal(token))
  })

  test('holds nothing after a refusal', () => {
    const { open, known } = setUp({ sessions: 9, sessionsPerClient: 9, sessionsPerIdentity: 9 })
    const first = open({ ...one, limits: { [limit]: 1 } })
    const held = known()
    expect(() => open({ ...one, limits: { [limit]: 1 } })).toThrow(refusal(token))
    expect(known()).toBe(held)
    first.release()
    expect(known()).toBe(0)
  })
})

describe.each([
  ['sessionsPerClient', {}],
  ['sessionsPerIdentity', { identity: who('a') }],
] as const)('%s', (limit, one) => {
  test('is counted over all routes that have it from the global limits', () => {
    const { open } = setUp({ [limit]: 1 })
    open({ ...one, route: 'a' })
    expect(() => open({ ...one, route: 'b' })).toThrow()
  })

  test('of a route’s own is counted on that route', () => {
    const { open } = setUp({ [limit]: 5 })
    open({ ...one, route: 'a' })
    open({ ...one, route: 'b', limits: { [limit]: 1 } })
    expect(() => open({ ...one, route: 'b', limits: { [limit]: 1 } })).toThrow()
    open({ ...one, route: 'a' })
  })

  test('of a route’s own is so whatever the global one is', () => {
    const { open } = setUp({ [limit]: 1 })
    open({ ...one, route: 'a' })
    open({ ...one, route: 'b', limits: { [limit]: 1 } })
    expect(() => open({ ...one, route: 'b', limits: { [limit]: 1 } })).toThrow()
    expect(() => open({ ...one, route: 'c' })).toThrow()
  })
})

test('clients are counted by /64, those of a unix socket not at all', () => {
  const { open } = setUp({ sessionsPerClient: 1 })
  open({ client: '2001:db8::1' })
  expect(() => open({ client: '2001:db8::2' })).toThrow(refusal('client-limit'))
  open({ client: 'unix' })
  open({ client: 'unix' })
})

test('one name of two authenticators is two identities; nobody is none', () => {
  const { open } = setUp({ sessionsPerIdentity: 1 })
  open({ identity: who('a', 'staff') })
  open({ identity: who('a', 'partner') })
  open({})
  open({})
})

test('whoever has not been authenticated holds no place of the route', () => {
  const ledger = new LocalLedger()
  const limits = { ...none, sessions: 1 }
  const request = { route: 'main', client: '192.0.2.1', limits }
  const unknown = new SessionPlace(ledger, request)
  unknown.admitClient()
  const known = new SessionPlace(ledger, request)
  known.admitClient()
  expect(() => known.admitIdentity(who('a'))).not.toThrow()
})

test('tokens that name nobody are not one login', () => {
  const { open } = setUp()
  const limits = { sessionsPerIdentity: 1 }
  open({ identity: { ...who(''), fingerprint: 'a' }, limits })
  open({ identity: { ...who(''), fingerprint: 'b' }, limits })
  expect(() => open({ identity: { ...who(''), fingerprint: 'a' }, limits })).toThrow(
    refusal('identity-limit'),
  )
})
