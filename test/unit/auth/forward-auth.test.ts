import { afterAll, afterEach, describe, expect, test } from 'vitest'
import type { Attempt, AuthAnswer } from '../../../src/auth/authenticator.ts'
import type { ForwardAuthenticator } from '../../../src/auth/forward-auth.ts'
import type { Identity } from '../../../src/auth/identity.ts'
import type { ForwardConfig } from '../../../src/config/settled/authenticators.ts'
import { GatewayError } from '../../../src/errors.ts'
import { attempt } from './attempts.ts'
import type { Given } from './attempts.ts'
import { describeAuthenticator } from './authenticator-suite.ts'
import { forwardTo, loginServer, verdictOf } from './forward-rig.ts'

const cleanup: (() => void)[] = []
afterEach(() => {
  for (const undo of cleanup.splice(0)) undo()
})

/** Knows one token, and asks everybody else for one. */
const shared = await loginServer((request, response) => {
  if (request.headers.authorization === 'Bearer good') response.setHeader('X-User', 'ada').end()
  else response.writeHead(500).end()
})
afterAll(() => shared.peer.close())

const bearer = (token: string): Given => ({ lines: [`Authorization: Bearer ${token}`] })

describeAuthenticator('forward', {
  make: () => forwardTo(shared.peer.port),
  right: { what: 'what the server takes', subject: 'ada', given: () => bearer('good') },
  wrong: [
    {
      what: 'what the server cannot make anything of',
      token: 'auth-unavailable',
      given: () => bearer('bad'),
    },
  ],
  absent: 'answers',
})

describeAuthenticator('forward with a cache', {
  make: () => forwardTo(shared.peer.port, { cache: 10_000 }),
  right: { what: 'what the server takes', subject: 'ada', given: () => bearer('good') },
  wrong: [{ what: 'another', token: 'auth-unavailable', given: () => bearer('bad') }],
  absent: 'answers',
})

type Answer = Parameters<typeof loginServer>[0]

async function setUp(handle: Answer, config: Partial<ForwardConfig> = {}, now?: () => number) {
  const server = await loginServer(handle)
  const authenticator = forwardTo(server.peer.port, config, now)
  cleanup.push(
    () => server.peer.close(),
    () => authenticator.close(),
  )
  return { ...server, authenticator }
}

/** Answers 204 with these header lines. */
const with204 =
  (lines: Record<string, string | string[]> = { 'X-User': 'ada' }): Answer =>
  (_request, response) => {
    for (const [name, value] of Object.entries(lines)) response.setHeader(name, value)
    response.writeHead(204).end()
  }

const denying =
  (status: number, headers: Record<string, string | string[]>, body = 'no'): Answer =>
  (_request, response) => {
    response.writeHead(status, headers).end(body)
  }

async function identityOf(authenticator: ForwardAuthenticator, given?: Given): Promise<Identity> {
  const verdict = await verdictOf(authenticator, given)
  if (verdict === undefined || verdict instanceof Error || 'kind' in verdict)
    throw new Error('no identity', { cause: verdict })
  return verdict
}

describe('the question', () => {
  test('is a GET that says what was asked, and of the client what is listed only', async () => {
    const { asked, authenticator } = await setUp(with204())
    await identityOf(authenticator, {
      target: '/chat%20room?a=1&b=%2F',
      lines: ['Authorization: Bearer t', 'Cookie: a=1', 'X-Other: 1', 'User-Agent: x', 'Origin: y'],
      peer: { encrypted: true },
    })
    const [question] = asked
    const { host, connection, ...headers } = question!.headers
    expect(question).toMatchObject({ method: 'GET', url: '/auth?of=edge' })
    expect({ host, connection }).toEqual({
      host: expect.stringMatching(/^127\.0\.0\.1:/),
      connection: 'keep-alive',
    })
    expect(headers).toEqual({
      authorization: 'Bearer t',
      cookie: 'a=1',
      'accept-encoding': 'identity',
      'x-forwarded-method': 'GET',
      'x-forwarded-proto': 'https',
      'x-forwarded-host': 'app.example.com',
      'x-forwarded-uri': '/chat%20room?a=1&b=%2F',
      'x-forwarded-for': '203.0.113.7',
    })
  })

  test('says nothing that the client says of itself', async () => {
    const { asked, authenticator } = await setUp(with204())
    await identityOf(authenticator, {
      target: '/private',
      lines: [
        'X-Forwarded-Uri: /public',
        'X-Forwarded-Method: OPTIONS',
        'X-Forwarded-Host: evil.example',
        'X-Forwarded-For: 127.0.0.1',
        'X-Forwarded-Proto: https',
        'X-Original-URL: /public',
        'X_User: root',
        'X-User: root',
      ],
    })
    expect(asked[0]!.headers).toMatchObject({
      'x-forwarded-uri': '/private',
      'x-forwarded-method': 'GET',
      'x-forwarded-host': 'app.example.com',
      'x-forwarded-for': '203.0.113.7',
      'x-forwarded-proto': 'http',
    })
    expect(asked[0]!.rawHeaders.join('\n')).not.toMatch(/public|evil|root|OPTIONS/)
  })

  test('keeps what a client would have taken out of it', async () => {
    const { asked, authenticator } = await setUp(with204(), {
      send: ['authorization', 'cookie', 'x-tenant'],
    })
    await identityOf(authenticator, {
      lines: [
        'Connection: authorization, Cookie, X-Tenant, X-Forwarded-Uri',
        'Authorization: Bearer t',
        'Cookie: a=1',
        'Cookie: b=2',
        'X-Tenant: 7',
      ],
    })
    expect(asked[0]!.headers).toMatchObject({
      authorization: 'Bearer t',
      cookie: 'a=1; b=2',
      'x-forwarded-uri': '/chat',
    })
    expect(asked[0]!.headers).not.toHaveProperty('x-tenant')
  })

  test('has bytes that are not ASCII as they came', async () => {
    const { asked, authenticator } = await setUp(with204())
    const cookie = Buffer.from('a=ü').toString('latin1')
    await identityOf(authenticator, { lines: [`Cookie: ${cookie}`] })
    expect(asked[0]!.headers.cookie).toBe(cookie)
  })
})

describe('an answer that lets pass', () => {
  test('names who it is, and what goes upstream', async () => {
    const { authenticator } = await setUp(
      with204({ 'X-User': 'ada', 'X-Role': ['admin', 'ops'], 'X-Other': 'no' }),
    )
    expect(await identityOf(authenticator)).toMatchObject({
      authenticator: 'legacy',
      subject: 'ada',
      claims: { 'x-user': 'ada', 'x-role': ['admin', 'ops'] },
      expiresAt: Infinity,
      headers: ['x-user', 'ada', 'x-role', 'admin', 'x-role', 'ops'],
    })
  })

  test('may be any 2xx, with a body that nobody reads', async () => {
    const { authenticator } = await setUp((_request, response) =>
      response.writeHead(202, { 'X-User': 'ada' }).end('x'.repeat(65_536)),
    )
    expect(await identityOf(authenticator)).toMatchObject({ subject: 'ada' })
  })

  test('without a name names the credentials', async () => {
    const { authenticator } = await setUp(with204({ 'X-Role': 'admin' }))
    const one = await identityOf(authenticator, bearer('one'))
    const other = await identityOf(authenticator, bearer('other'))
    expect(one.subject).toBe(one.fingerprint)
    expect(other.subject).not.toBe(one.subject)
    expect(one.headers).toEqual(['x-role', 'admin'])
  })

  test('is read as UTF-8, and passed on as it came', async () => {
    const bytes = Buffer.from('jürgen').toString('latin1')
    const { authenticator } = await setUp(with204({ 'X-User': bytes }))
    expect(await identityOf(authenticator)).toMatchObject({
      subject: 'jürgen',
      headers: ['x-user', bytes],
    })
  })

  test('passes nothing on that is the connection’s', async () => {
    const { authenticator } = await setUp(
      with204({ 'X-User': 'ada', 'X-Role': 'admin', Connection: 'x-role' }),
    )
    expect((await identityOf(authenticator)).headers).toEqual(['x-user', 'ada'])
  })

  test('bounds the session', async () => {
    const seconds = Math.floor(Date.now() / 1000) + 60
    const { authenticator } = await setUp(
      with204({ 'X-User': 'ada', 'X-Session-Expires': String(seconds) }),
    )
    expect(await identityOf(authenticator)).toMatchObject({ expiresAt: seconds * 1000 })
  })

  test('lets nobody pass whose session has ended', async () => {
    const { authenticator } = await setUp(with204({ 'X-Session-Expires': '1000000000' }))
    expect(await verdictOf(authenticator)).toMatchObject({ token: 'credentials-expired' })
  })
})

describe('an answer that does not', () => {
  test.each([401, 403])('is relayed: %i', async (status) => {
    const { authenticator } = await setUp(
      denying(status, {
        'WWW-Authenticate': 'Bearer realm="legacy"',
        'Set-Cookie': ['a=1', 'b=2'],
        'Content-Type': 'text/html',
        'Keep-Alive': 'timeout=5',
        'Proxy-Authenticate': 'Basic',
        'X-Hop': '1',
        Connection: 'x-hop',
      }),
    )
    for (const upgrade of [true, false]) {
      const { headers, ...answer } = (await verdictOf(authenticator, { upgrade })) as AuthAnswer
      expect(answer).toEqual({ kind: 'answer', status, body: 'no' })
      expect(headers.join('|')).toBe(
        'WWW-Authenticate|Bearer realm="legacy"|Set-Cookie|a=1|Set-Cookie|b=2|Content-Type|text/html',
      )
    }
  })

  test.each([301, 302, 303, 307, 308])(
    'is a login page for who asks for one: %i',
    async (status) => {
      const { authenticator } = await setUp(denying(status, { Location: 'https://login.example/' }))
      expect(await verdictOf(authenticator, { upgrade: false })).toMatchObject({
        kind: 'answer',
        status,
        headers: ['Location', 'https://login.example/'],
      })
      expect(await verdictOf(authenticator)).toMatchObject({ token: 'credentials-missing' })
      expect(await verdictOf(authenticator, bearer('x'))).toMatchObject({
        token: 'credentials-invalid',
      })
    },
  )

  test('is not relayed compressed, for nobody knows what it says', async () => {
    const { authenticator } = await setUp(denying(401, { 'Content-Encoding': 'gzip' }, '\x1f\x8b'))
    expect(await verdictOf(authenticator)).toEqual({
      kind: 'answer',
      status: 401,
      headers: [],
      body: '',
    })
  })
})

describe('a cache', () => {
  test('knows an answer for its time, and for the same question only', async () => {
    let now = Date.now()
    const { asked, authenticator } = await setUp(with204(), { cache: 1000 }, () => now)
    const counts: number[] = []
    const ask = async (given: Given): Promise<void> => {
      await identityOf(authenticator, given)
      counts.push(asked.length)
    }
    await ask(bearer('a'))
    await ask(bearer('a'))
    await ask(bearer('b'))
    await ask({ ...bearer('a'), target: '/other' })
    await ask({ ...bearer('a'), peer: { address: '203.0.113.8' } })
    now += 999
    await ask(bearer('a'))
    now += 1
    await ask(bearer('a'))
    expect(counts).toEqual([1, 1, 2, 3, 4, 4, 5])
  })

  test('knows nothing of refusals and failures', async () => {
    const { asked, authenticator } = await setUp(
      (_request, response) => response.writeHead(asked.length === 1 ? 401 : 500).end(),
      { cache: 1000 },
    )
    await verdictOf(authenticator)
    expect(await verdictOf(authenticator)).toMatchObject({ token: 'auth-unavailable' })
    await verdictOf(authenticator)
    expect(asked).toHaveLength(3)
  })

  test('knows no session beyond its end', async () => {
    let now = 1_900_000_000_000
    const { asked, authenticator } = await setUp(
      with204({ 'X-Session-Expires': '1900000001' }),
      { cache: 60_000 },
      () => now,
    )
    await identityOf(authenticator)
    now += 1000
    expect(await verdictOf(authenticator)).toMatchObject({ token: 'credentials-expired' })
    expect(asked).toHaveLength(2)
  })
})

describe('asking again', () => {
  const recheck = async (handle: Answer): Promise<Identity | undefined> => {
    let first = true
    const { authenticator } = await setUp(
      (request, response) => {
        if (first) with204()(request, response)
        else handle(request, response)
        first = false
      },
      { cache: 60_000 },
    )
    const given: Attempt = attempt(bearer('t'))
    const identity = (await authenticator.authenticate(given)) as Identity
    return await authenticator.recheck(identity, given)
  }

  test('finds that it is still so, and when it ends by now', async () => {
    expect(await recheck(with204())).toMatchObject({ expiresAt: Infinity })
    const expires = with204({ 'X-User': 'ada', 'X-Session-Expires': '4102444800' })
    expect(await recheck(expires)).toMatchObject({ expiresAt: 4_102_444_800_000 })
  })

  test.each([
    ['401', (_request: unknown, response) => response.writeHead(401).end()],
    ['403', (_request: unknown, response) => response.writeHead(403).end()],
    ['somebody else', with204({ 'X-User': 'grace' })],
  ] satisfies [string, Answer][])('finds that it is not: %s', async (_, handle) => {
    expect(await recheck(handle)).toBeUndefined()
  })

  test('tells an outage from an end', async () => {
    await expect(recheck((_request, response) => response.destroy())).rejects.toMatchObject({
      token: 'auth-unavailable',
    })
  })
})

describe('connections', () => {
  test('are kept', async () => {
    const { peer, authenticator } = await setUp(with204())
    for (let n = 0; n < 20; n++) await identityOf(authenticator)
    expect(peer.sockets.size).toBeLessThan(5)
  })

  test('that go stale under a question are not the end of it', async () => {
    let stale = false
    const { asked, authenticator } = await setUp((request, response) => {
      if (stale) request.socket.resetAndDestroy()
      else with204()(request, response)
      stale = false
    })
    await identityOf(authenticator)
    stale = true
    expect(await identityOf(authenticator)).toMatchObject({ subject: 'ada' })
    expect(asked).toHaveLength(3)
  })

  test('are so many only, and so many questions wait for one', async () => {
    const { peer, authenticator } = await setUp(() => undefined)
    const asking = Array.from({ length: 289 }, () => verdictOf(authenticator))
    expect(await asking[288]).toMatchObject({
      token: 'auth-unavailable',
      message: expect.stringContaining('288 questions'),
    })
    authenticator.close()
    const verdicts = await Promise.all(asking)
    for (const verdict of verdicts) expect(verdict).toMatchObject({ token: 'auth-unavailable' })
    expect(peer.sockets.size).toBeLessThanOrEqual(32)
  })

  test('are let go when the client goes', async () => {
    const { promise: arrived, resolve } = Promise.withResolvers<void>()
    const { promise: gone, resolve: went } = Promise.withResolvers<void>()
    const { authenticator } = await setUp((request) => {
      request.socket.once('close', () => went())
      resolve()
    })
    const controller = new AbortController()
    const reason = new GatewayError('client-lost', 'the client has gone')
    const verdict = verdictOf(authenticator, { signal: controller.signal })
    await arrived
    controller.abort(reason)
    expect(await verdict).toBe(reason)
    await gone
  })
})
