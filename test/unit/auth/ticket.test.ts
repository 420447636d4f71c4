import { describe, expect, test } from 'vitest'
import type { Identity } from '../../../src/auth/identity.ts'
import { TicketAuthenticator } from '../../../src/auth/ticket.ts'
import type { TicketConfig } from '../../../src/config/settled/authenticators.ts'
import type { GatewayError } from '../../../src/errors.ts'
import { attempt } from './attempts.ts'
import type { Given } from './attempts.ts'
import { describeAuthenticator } from './authenticator-suite.ts'
import { identity } from './identities.ts'

function setUp(changes: Partial<TicketConfig> = {}) {
  const clock = { now: 0 }
  const config = {
    kind: 'ticket',
    path: '/ticket',
    lifetime: 30_000,
    bindAddress: false,
    query: 'ticket',
  } as const
  const authenticator = new TicketAuthenticator(
    'page',
    { ...config, ...changes },
    {
      now: () => clock.now,
      clock: () => clock.now,
    },
  )
  const issue = (given: Given = {}, who: Partial<Identity> = {}): string =>
    authenticator.issue(identity({ authenticator: 'page', ...who }), attempt(given)).ticket
  const use = async (ticket: string, given: Given = {}): Promise<string> => {
    try {
      const verdict = await authenticator.authenticate(
        attempt({ target: `/chat?ticket=${ticket}`, ...given }),
      )
      return verdict === undefined ? 'nothing' : verdict.subject
    } catch (error) {
      return (error as GatewayError).token
    }
  }
  return { authenticator, clock, issue, use }
}

/** The one that the suite tries. */
let current = setUp()
const ticketOf = (given?: Given) => (): Given => ({
  target: `/chat?ticket=${current.issue(given)}`,
})

describeAuthenticator('ticket', {
  make: () => {
    current = setUp()
    return current.authenticator
  },
  right: { what: 'a ticket', subject: 'ada', given: ticketOf() },
  wrong: [
    {
      what: 'one that was never given out',
      secret: 'made-up',
      given: () => ({ target: '/chat?ticket=made-up' }),
    },
    { what: 'an empty one', given: () => ({ target: '/chat?ticket=' }) },
    { what: 'one of another route', given: ticketOf({ route: 'games' }) },
    {
      what: 'one of a page, without it',
      given: ticketOf({ lines: ['Origin: https://app.example'] }),
    },
    { what: 'one with a plain request', given: () => ({ ...ticketOf()(), upgrade: false }) },
  ],
  twice: [
    {
      what: 'two of them',
      given: () => ({ target: `${ticketOf()().target}&ticket=${current.issue()}` }),
    },
  ],
  named: (name) => ({ target: `/chat?ticket=${name}` }),
  singleUse: true,
})

test('is good once, even where both come at once', async () => {
  const { issue, use } = setUp()
  const ticket = issue()
  expect(await Promise.all([use(ticket), use(ticket)])).toEqual(['ada', 'credentials-invalid'])
})

test('is good for its lifetime', async () => {
  const { clock, issue, use } = setUp()
  const [one, two] = [issue(), issue()]
  clock.now = 29_999
  expect(await use(one)).toBe('ada')
  clock.now = 30_000
  expect(await use(two)).toBe('credentials-expired')
})

test('is good no longer than the credential that it was given for', async () => {
  const { authenticator, clock, issue, use } = setUp()
  const issued = authenticator.issue(identity({ expiresAt: 5000 }), attempt())
  expect(issued.lifetimeMs).toBe(5000)
  const [ticket, late] = [issue({}, { expiresAt: 5000 }), issue({}, { expiresAt: -1000 })]
  expect(await use(late)).toBe('credentials-expired')
  clock.now = 5000
  expect(await use(ticket)).toBe('credentials-expired')
})

const page = (origin: string): Given => ({ lines: [`Origin: ${origin}`] })
const from = (address: string): Given => ({ peer: { address } })

describe('is bound to', () => {
  test.each<[string, boolean, Given, Given, string]>([
    ['its origin', false, page('https://a.example'), page('https://a.example'), 'ada'],
    [
      'no other origin',
      false,
      page('https://a.example'),
      page('https://b.example'),
      'credentials-invalid',
    ],
    ['no origin where there was none', false, {}, page('https://a.example'), 'credentials-invalid'],
    ['any address', false, from('192.0.2.1'), from('192.0.2.2'), 'ada'],
    [
      'its address where that is wished',
      true,
      from('192.0.2.1'),
      from('192.0.2.2'),
      'credentials-invalid',
    ],
    ['its address, and there it is good', true, from('192.0.2.1'), from('192.0.2.1'), 'ada'],
  ])('%s', async (_, bindAddress, asked, used, expected) => {
    const { issue, use } = setUp({ bindAddress })
    const ticket = issue(asked)
    expect(await use(ticket, used)).toBe(expected)
    // Whatever came of it, it is gone.
    expect(await use(ticket, asked)).toBe('credentials-invalid')
  })
})

test('keeps what its identity was proved by, for that identity alone', async () => {
  const { authenticator } = setUp()
  const proof = attempt({ lines: ['Authorization: Bearer x'] })
  const who = identity()
  const { ticket } = authenticator.issue(who, proof)
  const given = await authenticator.authenticate(attempt({ target: `/chat?ticket=${ticket}` }))
  expect(given).toEqual(who)
  expect(authenticator.proofOf(given!)).toBe(proof)
  expect(authenticator.proofOf(who)).toBeUndefined()
})
