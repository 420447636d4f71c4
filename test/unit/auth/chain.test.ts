import { describe, expect, test } from 'vitest'
import type { AuthAnswer, Authenticator, Verdict } from '../../../src/auth/authenticator.ts'
import { AuthChain } from '../../../src/auth/chain.ts'
import type { Identity } from '../../../src/auth/identity.ts'
import { GatewayError } from '../../../src/errors.ts'
import type { Token } from '../../../src/errors.ts'
import { attempt } from './attempts.ts'

const answer: AuthAnswer = {
  kind: 'answer',
  status: 302,
  headers: ['Location', '/login'],
  body: '',
}

function identity(authenticator: string): Identity {
  return {
    authenticator,
    subject: 'ada',
    name: undefined,
    claims: {},
    expiresAt: Infinity,
    credentialId: undefined,
    sessionId: undefined,
    fingerprint: 'f',
    headers: [],
  }
}

/** One that always comes to the same verdict, or throws. */
function always(
  name: string,
  verdict: Verdict | Error,
  more: Partial<Authenticator> = {},
): Authenticator {
  return {
    name,
    kind: 'jwt',
    challenge: `Bearer realm="${name}"`,
    places: [{ kind: 'cookie', name }],
    authenticate: () =>
      verdict instanceof Error ? Promise.reject(verdict) : Promise.resolve(verdict),
    ...more,
  }
}

const failing = (name: string, token: Token, headers: readonly string[] = []): Authenticator =>
  always(name, new GatewayError(token, `${name} says ${token}`, { headers }))

test('the first that lets pass decides who it is', async () => {
  const chain = new AuthChain([
    always('a', undefined),
    failing('b', 'credentials-invalid'),
    always('c', answer),
    always('d', identity('d')),
    always('e', new Error('nobody asks')),
  ])
  expect(await chain.authenticate(attempt())).toMatchObject({ authenticator: 'd' })
})

test('looks where any of its authenticators looks', () => {
  const chain = new AuthChain([always('a', undefined), always('b', undefined)])
  expect(chain.places).toEqual([
    { kind: 'cookie', name: 'a' },
    { kind: 'cookie', name: 'b' },
  ])
})

describe('where nobody lets pass', () => {
  test('and there is no credential, every way to come in is told', async () => {
    const silent = always('b', undefined, { challenge: undefined })
    const chain = new AuthChain([always('a', undefined), silent, always('c', undefined)])
    await expect(chain.authenticate(attempt())).rejects.toMatchObject({
      token: 'credentials-missing',
      headers: ['WWW-Authenticate', 'Bearer realm="a"', 'WWW-Authenticate', 'Bearer realm="c"'],
    })
  })

  test('a 401 tells what was wrong beside the other ways', async () => {
    const own = ['WWW-Authenticate', 'Bearer realm="b", error="invalid_token"']
    const chain = new AuthChain([always('a', undefined), failing('b', 'credentials-expired', own)])
    await expect(chain.authenticate(attempt())).rejects.toMatchObject({
      token: 'credentials-expired',
      message: 'b says credentials-expired',
      headers: ['WWW-Authenticate', 'Bearer realm="a"', ...own],
    })
  })

  test.each<[Token, Token]>([
    ['credentials-expired', 'credentials-invalid'],
    ['auth-unavailable', 'credentials-expired'],
    ['auth-unavailable', 'credentials-invalid'],
    ['client-limit', 'auth-unavailable'],
    ['permission-missing', 'credentials-invalid'],
    ['permission-missing', 'auth-unavailable'],
  ])('%s tells more than %s', async (more, less) => {
    for (const tokens of [
      [more, less],
      [less, more],
    ]) {
      const chain = new AuthChain(tokens.map((token, at) => failing(`a${at}`, token)))
      await expect(chain.authenticate(attempt())).rejects.toMatchObject({ token: more })
    }
  })

  test('a refusal that is no 401 comes as it is', async () => {
    const headers = ['WWW-Authenticate', 'Bearer realm="b", error="insufficient_scope"']
    const chain = new AuthChain([
      always('a', undefined),
      failing('b', 'permission-missing', headers),
    ])
    await expect(chain.authenticate(attempt())).rejects.toMatchObject({ headers })
  })

  test.each<[Token, boolean]>([
    ['credentials-invalid', true],
    ['credentials-expired', true],
    ['auth-unavailable', false],
    ['client-limit', false],
    ['permission-missing', false],
  ])("beside %s, a server's own answer is shown: %s", async (token, shown) => {
    for (const authenticators of [
      [failing('a', token), always('b', answer)],
      [always('b', answer), failing('a', token)],
    ]) {
      const verdict = new AuthChain(authenticators).authenticate(attempt())
      if (shown) expect(await verdict).toBe(answer)
      else await expect(verdict).rejects.toMatchObject({ token })
    }
  })
})

test('a bug lets nobody pass', async () => {
  const bug = new TypeError('x is undefined')
  const chain = new AuthChain([always('a', bug), always('b', identity('b'))])
  await expect(chain.authenticate(attempt())).rejects.toBe(bug)
})

test('a client that has gone is nobody to ask further authenticators about', async () => {
  const controller = new AbortController()
  const reason = new GatewayError('client-lost', 'the client has gone')
  controller.abort(reason)
  const asked: string[] = []
  const late = always('b', undefined, {
    authenticate: () => {
      asked.push('b')
      return Promise.resolve(undefined)
    },
  })
  const chain = new AuthChain([always('a', reason), late])
  await expect(chain.authenticate(attempt({ signal: controller.signal }))).rejects.toBe(reason)
  expect(asked).toEqual([])
})
