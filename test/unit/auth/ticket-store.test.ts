import { inspect } from 'node:util'
import { expect, test } from 'vitest'
import { TicketStore } from '../../../src/auth/ticket-store.ts'
import type { TicketStoreOptions } from '../../../src/auth/ticket-store.ts'
import { attempt } from './attempts.ts'
import { identity } from './identities.ts'

function setUp(options: Partial<TicketStoreOptions> = {}) {
  const clock = { now: 0 }
  const store = new TicketStore({ lifetimeMs: 1000, clock: () => clock.now, ...options })
  const issue = (subject: string): string =>
    store.issue({
      identity: identity({ subject }),
      attempt: attempt(),
      route: 'chat',
      origin: undefined,
      client: '192.0.2.1',
    }).ticket
  return { clock, store, issue }
}

test('tickets are 256 bits, and no two are the same', () => {
  const { issue } = setUp()
  const tickets = Array.from({ length: 50 }, () => issue('ada'))
  expect(new Set(tickets).size).toBe(50)
  for (const ticket of tickets) expect(ticket).toMatch(/^[\w-]{43}$/)
})

test('holds no ticket, only its hash', () => {
  const { store, issue } = setUp()
  const ticket = issue('ada')
  expect(inspect(store, { depth: 10, showHidden: true })).not.toContain(ticket)
  expect(store.spend(ticket)?.identity.subject).toBe('ada')
})

test('forgets what nobody has come with', () => {
  const { clock, store, issue } = setUp()
  for (let count = 0; count < 20; count++) issue(`user ${count}`)
  clock.now = 1000
  issue('ada')
  expect(store.size).toBe(1)
})

test('of one subject the oldest goes where there are too many', () => {
  const { store, issue } = setUp({ perHolder: 3 })
  const grace = issue('grace')
  const tickets = ['1', '2', '3', '4'].map(() => issue('ada'))
  expect(store.size).toBe(4)
  expect(store.spend(tickets[0]!)).toBeUndefined()
  expect(store.spend(tickets[1]!)?.identity.subject).toBe('ada')
  expect(store.spend(grace)?.identity.subject).toBe('grace')
})

test('gives none out where it is full', () => {
  const { clock, store, issue } = setUp({ capacity: 10 })
  for (let count = 0; count < 10; count++) issue(`user ${count}`)
  expect(() => issue('ada')).toThrow(expect.objectContaining({ token: 'gateway-full' }))
  expect(store.size).toBe(10)
  clock.now = 1000
  expect(() => issue('ada')).not.toThrow()
})
