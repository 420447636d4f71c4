import { expect, test } from 'vitest'
import { LocalLedger } from '../../../src/admission/local-ledger.ts'
import { LoginAttempts } from '../../../src/admission/login-attempts.ts'

const rate = { count: 3, perMs: 60_000 }
const login = { authenticator: 'staff', name: 'ada', client: '203.0.113.7' }

function setUp() {
  const clock = { now: 0 }
  const attempts = new LoginAttempts(new LocalLedger(() => clock.now))
  return { clock, attempts }
}

test('lets as many through as the rate says, then one in its share of the time', () => {
  const { clock, attempts } = setUp()
  const waits = [1, 2, 3, 4].map(() => attempts.take(login, rate).waitMs)
  expect(waits).toEqual([0, 0, 0, 20_000])
  clock.now += 20_000
  expect(attempts.take(login, rate).waitMs).toBe(0)
  expect(attempts.take(login, rate).waitMs).toBe(20_000)
})

test('does not count what is forgiven', () => {
  const { attempts } = setUp()
  for (let n = 0; n < 10; n++) {
    const { waitMs, forgive } = attempts.take(login, rate)
    expect(waitMs).toBe(0)
    forgive()
  }
})

test.each([
  ['another name', { name: 'grace' }],
  ['another address', { client: '203.0.113.8' }],
  ['another authenticator', { authenticator: 'partners' }],
])('counts apart: %s', (_, other) => {
  const { attempts } = setUp()
  for (let n = 0; n < 4; n++) attempts.take(login, rate)
  expect(attempts.take({ ...login, ...other }, rate).waitMs).toBe(0)
})

test('counts a network of IPv6 as one, and a unix socket too', () => {
  const { attempts } = setUp()
  const take = (client: string): number => attempts.take({ ...login, client }, rate).waitMs
  expect([1, 2, 3, 4].map((n) => take(`2001:db8:1:2::${n}`))).toEqual([0, 0, 0, 20_000])
  expect(take('2001:db8:1:3::1')).toBe(0)
  expect([1, 2, 3, 4].map(() => take('unix'))).toEqual([0, 0, 0, 20_000])
})

test('is not to be confused by a name that looks like another client', () => {
  const { attempts } = setUp()
  const take = (client: string, name: string): number =>
    attempts.take({ ...login, client, name }, rate).waitMs
  for (let n = 0; n < 4; n++) take('203.0.113.7', '203.0.113.8 ada')
  expect(take('203.0.113.8', 'ada')).toBe(0)
})

test('of none lets everything through', () => {
  const { attempts } = setUp()
  const none = { count: Infinity, perMs: 1000 }
  for (let n = 0; n < 100; n++) expect(attempts.take(login, none).waitMs).toBe(0)
})
