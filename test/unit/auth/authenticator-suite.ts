import { inspect } from 'node:util'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { Attempt, Authenticator, Verdict } from '../../../src/auth/authenticator.ts'
import type { Identity } from '../../../src/auth/identity.ts'
import type { Place } from '../../../src/auth/places.ts'
import { GatewayError } from '../../../src/errors.ts'
import type { Token } from '../../../src/errors.ts'
import { attempt, onward } from './attempts.ts'
import type { Given } from './attempts.ts'

/** One credential as a client would present it. */
export interface Presented {
  /** What is right or wrong with it: part of the test's name. */
  readonly what: string
  /**
   * What of it nobody may read in an error or upstream; nothing where it is no secret (a
   * certificate).
   */
  readonly secret?: string
  readonly token?: Token
  readonly given: (signal?: AbortSignal) => Given | Promise<Given>
}

/** What the suite must know to try an implementation. */
export interface AuthenticatorRig {
  /** Makes one, afresh for every test; it is closed after it. */
  readonly make: () => Authenticator | Promise<Authenticator>
  /**
   * A credential that lets `subject` pass; asked for again for every attempt where each is good
   * once only.
   */
  readonly right: Presented & { readonly subject: string }
  /** Credentials that do not pass: `credentials-invalid` where no token is given. */
  readonly wrong: readonly Presented[]
  /** More than one credential, right as each of them may be. */
  readonly twice?: readonly Presented[]
  /**
   * A credential made of, or in the name of, what every JavaScript object has: `__proto__`,
   * `constructor` …
   */
  readonly named?: (name: string) => Given
  /**
   * What it makes of a request without a credential of its kind; `answers` for one that asks
   * another server anyway.
   */
  readonly absent?: 'undefined' | 'answers'
  /** A credential passes once. */
  readonly singleUse?: boolean
}

const refusals: readonly Token[] = [
  'credentials-invalid',
  'credentials-expired',
  'permission-missing',
  'auth-unavailable',
  'client-limit',
]

/** Holds for every authenticator, whatever it takes for a credential. */
export function describeAuthenticator(name: string, rig: AuthenticatorRig): void {
  describe(`${name}, as every authenticator`, () => {
    const { right } = rig
    let authenticator: Authenticator
    beforeEach(async () => {
      authenticator = await rig.make()
    })
    afterEach(() => {
      authenticator.close?.()
      authenticator.close?.()
    })

    const pass = async (presented: Presented = right): Promise<Identity> =>
      identityOf(await authenticator.authenticate(await present(presented)))

    test('has a challenge that is a header value, or none', () => {
      const { challenge } = authenticator
      if (challenge === undefined) return
      expect(challenge).toMatch(
        /^[A-Za-z][\w-]* [\w-]+="[^"\\]*"(?:, [\w-]+=(?:"[^"\\]*"|[\w-]+))*$/,
      )
    })

    test('leaves a request without a credential of its kind to others', async () => {
      const verdict = await outcome(authenticator, attempt())
      if (rig.absent !== 'answers') expect(verdict).toBeUndefined()
    })

    test(`lets pass: ${right.what}`, async () => {
      const identity = await pass()
      expect(identity).toMatchObject({ authenticator: authenticator.name, subject: right.subject })
      expect(identity.expiresAt).toBeGreaterThan(Date.now())
      expect(identity.headers.length % 2).toBe(0)
      // oxlint-disable-next-line no-control-regex -- none may be in a header line
      for (const text of identity.headers) expect(text).not.toMatch(/[\0-\x08\x0a-\x1f\x7f]/)
    })

    test('names a credential by a fingerprint that does not hold it', async () => {
      const one = await pass()
      expect(one.fingerprint.length).toBeGreaterThan(20)
      if (rig.singleUse !== true) expect((await pass()).fingerprint).toBe(one.fingerprint)
      if (right.secret === undefined) return
      expect(inspect({ ...one, headers: [] }, { depth: 10 })).not.toContain(right.secret)
    })

    test.each(rig.wrong)('refuses: $what', async (presented) => {
      const refused = await outcome(authenticator, await present(presented))
      expect(refused).toBeInstanceOf(GatewayError)
      expect(refused).toMatchObject({ token: presented.token ?? 'credentials-invalid' })
      expectSilent(refused, presented)
    })

    test.each(rig.twice ?? [])('refuses more than one credential: $what', async (presented) => {
      const refused = await outcome(authenticator, await present(presented))
      expect(refused).toMatchObject({ token: 'credentials-invalid' })
      expectSilent(refused, presented)
    })

    const all = [right, ...rig.wrong, ...(rig.twice ?? [])]
    test.each(all.filter(({ secret }) => secret !== undefined))(
      'takes out of what goes upstream: $what',
      async (presented) => {
        const left = onward(await present(presented), authenticator.places)
        expect(left).not.toContain(presented.secret)
      },
    )

    test.each(['__proto__', 'constructor', 'toString', 'hasOwnProperty', 'valueOf'])(
      'finds nothing under %s',
      async (name) => {
        if (rig.named === undefined) return
        const refused = await outcome(authenticator, attempt(rig.named(name)))
        if (refused !== undefined) expect(refused).toMatchObject({ token: 'credentials-invalid' })
      },
    )

    test.each(garbage)('throws nothing but refusals for garbage: $what', async ({ text }) => {
      const attempts = authenticator.places.flatMap((place) => garbled(place, text))
      for (const given of attempts) {
        const verdict = await outcome(authenticator, attempt(given))
        if (verdict instanceof GatewayError) expect(refusals).toContain(verdict.token)
        else if (verdict !== undefined) expect(rig.absent).toBe('answers')
      }
    })

    test('tells an attempt that was given up by the reason for that, if at all', async () => {
      const controller = new AbortController()
      const reason = new GatewayError('client-lost', 'the client has gone')
      controller.abort(reason)
      const given = await right.given(controller.signal)
      const verdict = await outcome(authenticator, attempt({ ...given, signal: controller.signal }))
      if (verdict instanceof GatewayError) expect(verdict).toBe(reason)
      else expect(identityOf(verdict)).toMatchObject({ subject: right.subject })
    })

    test('keeps attempts at the same time apart', async () => {
      const wrong = rig.wrong[0]!
      const attempts = await Promise.all(
        Array.from({ length: 20 }, (_, at) => present(at % 2 === 0 ? right : wrong)),
      )
      const verdicts = await Promise.all(attempts.map((each) => outcome(authenticator, each)))
      verdicts.forEach((verdict, at) => {
        if (at % 2 === 0) expect(identityOf(verdict)).toMatchObject({ subject: right.subject })
        else expect(verdict).toBeInstanceOf(GatewayError)
      })
    })
  })
}

async function present({ given }: Presented): Promise<Attempt> {
  return attempt(await given())
}

/**
 * What became of an attempt: a verdict, or the GatewayError it was refused with. Anything else
 * thrown fails the test.
 */
async function outcome(
  authenticator: Authenticator,
  each: Attempt,
): Promise<Verdict | GatewayError> {
  try {
    return await authenticator.authenticate(each)
  } catch (thrown) {
    if (thrown instanceof GatewayError) return thrown
    throw new Error('threw something other than a GatewayError', { cause: thrown })
  }
}

function identityOf(verdict: Verdict | GatewayError): Identity {
  if (verdict instanceof GatewayError) throw verdict
  if (verdict === undefined || 'kind' in verdict) throw new Error('this is no identity')
  return verdict
}

/** Neither an error's text, nor its headers, nor its causes repeat the secret. */
function expectSilent(error: unknown, { secret }: Presented): void {
  if (secret === undefined || secret === '') return
  expect(inspect(error, { depth: 10, showHidden: true })).not.toContain(secret)
}

const garbage = [
  { what: 'nothing', text: '' },
  { what: 'blanks', text: '   ' },
  { what: 'dots', text: '..' },
  { what: 'a null byte, encoded', text: '%00' },
  { what: 'a broken escape', text: '%zz%' },
  { what: 'Latin-1', text: '\xe4\xf6\xfc\xff' },
  { what: 'punctuation', text: `:,;="'\\/?&{}[]` },
  { what: 'JSON', text: '{"alg":"none"}' },
  {
    what: 'base64 of nothing sensible',
    text: Buffer.from('\0:\0:\xff', 'latin1').toString('base64'),
  },
  { what: 'eight KiB', text: 'A'.repeat(8192) },
]

/**
 * The text where a credential belongs, as it is: a query is not escaped, a header comes with either
 * scheme.
 */
function garbled(place: Place, text: string): Given[] {
  switch (place.kind) {
    case 'header': {
      const schemes = place.name === 'authorization' ? ['Bearer ', 'Basic '] : ['']
      return schemes.map((scheme) => ({ lines: [`${place.name}: ${scheme}${text}`] }))
    }
    case 'cookie':
      return [{ lines: [`Cookie: ${place.name}=${text}`] }]
    case 'query':
      return [{ target: `/chat?${place.name}=${text.replace(/[ #]/g, '')}` }]
    case 'subprotocol':
      return [{ lines: [`Sec-WebSocket-Protocol: bearer, ${text.replace(/[^\w.-]/g, '') || 'x'}`] }]
  }
}
