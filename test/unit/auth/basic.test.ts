import { hashSync } from 'bcrypt'
import { describe, expect, test } from 'vitest'
import { LocalLedger } from '../../../src/admission/local-ledger.ts'
import { LoginAttempts } from '../../../src/admission/login-attempts.ts'
import type { Verdict } from '../../../src/auth/authenticator.ts'
import { BasicAuthenticator } from '../../../src/auth/basic.ts'
import { Fingerprints } from '../../../src/auth/fingerprint.ts'
import { PasswordChecks } from '../../../src/auth/password-checks.ts'
import type { Place } from '../../../src/auth/places.ts'
import type { BasicConfig } from '../../../src/config/settled/authenticators.ts'
import { parseHtpasswd } from '../../../src/config/htpasswd.ts'
import type { GatewayError } from '../../../src/errors.ts'
import { attempt, placed } from './attempts.ts'
import type { Given } from './attempts.ts'
import { describeAuthenticator } from './authenticator-suite.ts'

const header: Place = { kind: 'header', name: 'authorization' }
const htpasswd = [
  `ada:${hashSync('secret', 4).replace('$2b', '$2y')}`,
  `jürgen:${hashSync('пароль', 4)}`,
  `long:${hashSync('x'.repeat(72), 4)}`,
].join('\n')

const encoded = (name: string, password: string): string =>
  Buffer.from(`${name}:${password}`).toString('base64')
const given = (name: string, password: string, more: Given = {}): Given => ({
  ...placed(header, encoded(name, password), 'Basic'),
  ...more,
})

/** Counts the checks that are really made. */
class CountedChecks extends PasswordChecks {
  made = 0

  override check(password: string, hash: string, client: string): Promise<boolean> {
    this.made += 1
    return super.check(password, hash, client)
  }
}

function setUp(config: Partial<BasicConfig> = {}, file = htpasswd) {
  const clock = { now: 0 }
  const checks = new CountedChecks()
  const { hashes } = parseHtpasswd(file)
  const whole: BasicConfig = {
    kind: 'basic',
    from: [header],
    passCredential: false,
    htpasswd: '/none',
    realm: 'the staff',
    attempts: { count: 10, perMs: 60_000 },
    ...config,
  }
  const authenticator = new BasicAuthenticator('staff', whole, hashes, {
    fingerprints: new Fingerprints(),
    checks,
    attempts: new LoginAttempts(new LocalLedger(() => clock.now)),
    now: () => clock.now,
  })
  const ask = async (each: Given): Promise<Verdict | string> => {
    try {
      return await authenticator.authenticate(attempt(each))
    } catch (error) {
      return (error as GatewayError).token
    }
  }
  return { clock, checks, authenticator, ask }
}

const places: readonly Place[] = [
  header,
  { kind: 'cookie', name: 'login' },
  { kind: 'query', name: 'login' },
]
for (const place of places) {
  const present = (name: string, password: string): Given =>
    placed(place, encoded(name, password), 'Basic')
  describeAuthenticator(`basic from ${place.kind}`, {
    make: () => setUp({ from: [place] }).authenticator,
    right: {
      what: 'a right password',
      subject: 'ada',
      secret: encoded('ada', 'secret'),
      given: () => present('ada', 'secret'),
    },
    wrong: [
      {
        what: 'a wrong password',
        secret: encoded('ada', 'guess'),
        given: () => present('ada', 'guess'),
      },
      { what: 'no password', given: () => present('ada', '') },
      { what: 'an unknown name', given: () => present('eve', 'secret') },
      { what: 'a name of another case', given: () => present('Ada', 'secret') },
      { what: 'no name', given: () => present('', 'secret') },
      { what: 'the hash', given: () => present('ada', htpasswd.slice(4, 64)) },
      { what: 'no base64', given: () => placed(place, 'ada:secret', 'Basic') },
    ],
    named: (name) => present(name, 'secret'),
  })
}

describe('a login', () => {
  test('is asked for with the realm and in UTF-8', () => {
    const { authenticator } = setUp()
    expect(authenticator.challenge).toBe('Basic realm="the staff", charset="UTF-8"')
  })

  test('may have letters of any alphabet', async () => {
    const { ask } = setUp()
    expect(await ask(given('jürgen', 'пароль'))).toMatchObject({ subject: 'jürgen' })
  })

  test('never ends of itself, and has the name for its subject', async () => {
    const { ask } = setUp()
    expect(await ask(given('ada', 'secret'))).toMatchObject({
      authenticator: 'staff',
      subject: 'ada',
      name: 'ada',
      expiresAt: Infinity,
      headers: [],
    })
  })

  test('is sent on as Authorization where that is wanted', async () => {
    const { ask } = setUp({ passCredential: true })
    for (let n = 0; n < 2; n++) {
      expect(await ask(given('ada', 'secret'))).toMatchObject({
        headers: ['Authorization', `Basic ${encoded('ada', 'secret')}`],
      })
    }
  })

  test('is one credential, whatever stands behind the part that bcrypt looks at', async () => {
    const { ask } = setUp()
    const one = await ask(given('long', 'x'.repeat(72)))
    const other = await ask(given('long', 'x'.repeat(80)))
    expect(other).toEqual(one)
  })

  test('of another scheme is none', async () => {
    const { ask } = setUp()
    expect(await ask(placed(header, encoded('ada', 'secret'), 'Bearer'))).toBeUndefined()
  })
})

describe('a password', () => {
  test('is not checked again for a minute once it was right', async () => {
    const { ask, checks, clock } = setUp()
    for (let n = 0; n < 5; n++) await ask(given('ada', 'secret'))
    expect(checks.made).toBe(1)
    clock.now += 59_999
    await ask(given('ada', 'secret'))
    expect(checks.made).toBe(1)
    clock.now += 1
    expect(await ask(given('ada', 'secret'))).toMatchObject({ subject: 'ada' })
    expect(checks.made).toBe(2)
  })

  test('that is wrong is checked every time', async () => {
    const { ask, checks } = setUp()
    await ask(given('ada', 'secret'))
    for (let n = 0; n < 3; n++) expect(await ask(given('ada', 'guess'))).toBe('credentials-invalid')
    expect(checks.made).toBe(4)
  })

  test('is checked once for all who come with it at once', async () => {
    const { ask, checks } = setUp()
    const verdicts = await Promise.all(
      Array.from({ length: 200 }, (_, at) =>
        ask(given('ada', 'secret', { peer: { address: `198.51.100.${at}` } })),
      ),
    )
    for (const verdict of verdicts) expect(verdict).toMatchObject({ subject: 'ada' })
    expect(checks.made).toBe(1)
  })

  test('costs the same work for a name that nobody has', async () => {
    const costs: string[] = []
    class Noted extends PasswordChecks {
      override check(password: string, hash: string, client: string): Promise<boolean> {
        costs.push(hash.slice(0, 7))
        return super.check(password, hash, client)
      }
    }
    const { hashes } = parseHtpasswd(`ada:${hashSync('x', 5)}\ngrace:${hashSync('x', 5)}`)
    const authenticator = new BasicAuthenticator(
      'staff',
      {
        kind: 'basic',
        from: [header],
        passCredential: false,
        htpasswd: '',
        realm: 'x',
        attempts: { count: Infinity, perMs: 1 },
      },
      hashes,
      {
        fingerprints: new Fingerprints(),
        checks: new Noted(),
        attempts: new LoginAttempts(new LocalLedger()),
        now: Date.now,
      },
    )
    for (const name of ['ada', 'eve', 'mallory']) {
      await expect(authenticator.authenticate(attempt(given(name, 'guess')))).rejects.toMatchObject(
        {
          token: 'credentials-invalid',
          message: 'a wrong name or password',
        },
      )
    }
    expect(costs).toEqual(['$2b$05$', '$2b$05$', '$2b$05$'])
  })
})

describe('failed attempts', () => {
  test('are counted by name and address, and then refused unchecked', async () => {
    const { ask, checks, clock } = setUp()
    for (let n = 0; n < 10; n++) {
      expect(await ask(given('ada', `guess ${n}`))).toBe('credentials-invalid')
    }
    expect(await ask(given('ada', 'guess'))).toBe('client-limit')
    expect(await ask(given('ada', 'secret'))).toBe('client-limit')
    expect(checks.made).toBe(10)
    // Others are not kept out by it.
    expect(await ask(given('jürgen', 'пароль'))).toMatchObject({ subject: 'jürgen' })
    const elsewhere = { peer: { address: '203.0.113.8' } }
    expect(await ask(given('ada', 'secret', elsewhere))).toMatchObject({ subject: 'ada' })
    clock.now += 6000
    expect(await ask(given('ada', 'secret'))).toMatchObject({ subject: 'ada' })
  })

  test('say when to come again', async () => {
    const { authenticator } = setUp({ attempts: { count: 1, perMs: 60_000 } })
    const guess = attempt(given('ada', 'guess'))
    await expect(authenticator.authenticate(guess)).rejects.toThrow()
    await expect(authenticator.authenticate(guess)).rejects.toMatchObject({
      token: 'client-limit',
      headers: ['Retry-After', '60'],
    })
  })

  test('are not right ones', async () => {
    const { ask } = setUp({ attempts: { count: 2, perMs: 60_000 } })
    for (let n = 0; n < 20; n++) {
      expect(await ask(given('ada', 'secret'))).toMatchObject({ subject: 'ada' })
    }
    expect(await ask(given('ada', 'guess'))).toBe('credentials-invalid')
  })

  test('cannot be more by being made at once', async () => {
    const { ask, checks } = setUp({ attempts: { count: 3, perMs: 60_000 } })
    const tokens = await Promise.all(
      Array.from({ length: 8 }, (_, at) => ask(given('ada', `guess ${at}`))),
    )
    expect(tokens.filter((token) => token === 'credentials-invalid')).toHaveLength(3)
    expect(tokens.filter((token) => token === 'client-limit')).toHaveLength(5)
    expect(checks.made).toBe(3)
  })

  test('are not told of a right guess by what is known of the true user', async () => {
    const { ask } = setUp({ attempts: { count: 1, perMs: 60_000 } })
    const guesser = { peer: { address: '203.0.113.66' } }
    expect(await ask(given('ada', 'secret'))).toMatchObject({ subject: 'ada' })
    expect(await ask(given('ada', 'guess', guesser))).toBe('credentials-invalid')
    expect(await ask(given('ada', 'guess', guesser))).toBe('client-limit')
    expect(await ask(given('ada', 'secret', guesser))).toBe('client-limit')
  })

  test('are not slowed where the rate is none', async () => {
    const { ask } = setUp({ attempts: { count: Infinity, perMs: 1000 } })
    for (let n = 0; n < 15; n++) expect(await ask(given('ada', 'x'))).toBe('credentials-invalid')
  })
})
