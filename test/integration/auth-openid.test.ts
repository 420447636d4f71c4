import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest'
import { proxyTo, startGateway } from '../support/gateway.ts'
import type { RunningGateway } from '../support/gateway.ts'
import { bearer } from '../support/login.ts'
import { OpenIdProvider } from '../support/openid-provider.ts'
import { notingUpstream } from '../support/noting-upstream.ts'
import type { NotingUpstream } from '../support/noting-upstream.ts'
import { closeOf, echo, mustOpen, openWebSocket } from '../support/websocket-client.ts'

const logoutPath = '/.drawbridge/backchannel-logout'

let upstream: NotingUpstream
let provider: OpenIdProvider
let running: RunningGateway

beforeAll(async () => {
  // Its start-up remarks are about what a provider on the internet should have.
  for (const method of ['warn', 'info'] as const) vi.spyOn(console, method).mockReturnValue()
  upstream = await notingUpstream()
  provider = await OpenIdProvider.start(() => url(logoutPath))
  running = await startGateway(
    proxyTo(`http://127.0.0.1:${upstream.port}`, {
      authenticators: {
        login: {
          jwt: {
            jwks: `${provider.issuer}/jwks`,
            issuer: provider.issuer,
            audience: [OpenIdProvider.clientId, OpenIdProvider.audience],
            backchannelLogout: true,
          },
        },
      },
      routes: [{ name: 'main', proxy: 'app', auth: 'login' }],
    }),
  )
  await provider.rotate()
})
afterAll(() => {
  running.stop()
  provider.close()
  upstream.close()
})
afterEach(() => {
  vi.useRealTimers()
})

// The gateway is started after the provider, which wants to know its address: both may be asked for
// later only.
const url = (path: string): string => {
  return running === undefined
    ? `http://127.0.0.1:9${path}`
    : `http://127.0.0.1:${running.port()}${path}`
}

const open = async (token: string) =>
  await mustOpen(running.port(), '/ws', { headers: bearer(token) })

async function statusOf(token: string): Promise<number> {
  const { status, socket } = await openWebSocket(running.port(), '/ws', { headers: bearer(token) })
  socket?.terminate()
  return status
}

describe('tokens of a real OpenID provider', () => {
  test('let pass: an ID token, and an access token', async () => {
    const { idToken, accessToken } = await provider.browser().logIn('ada')
    for (const token of [idToken, accessToken]) {
      const socket = await open(token)
      expect(await echo(socket, 'hello')).toBe('hello')
      socket.terminate()
    }
    expect(await running.log.line('session opened')).toMatchObject({ identity: 'ada' })
    expect(provider.keyFetches).toBe(1)
  })

  test('pass by a key that is new, and no more by one that is gone', async () => {
    const { idToken: old } = await provider.browser().logIn('grace')
    expect(await statusOf(old)).toBe(101)
    await provider.rotate()
    const { idToken } = await provider.browser().logIn('grace')
    const fetches = provider.keyFetches
    // An issuer is asked for keys that it may have forgotten to publish every half a minute at
    // most.
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 31_000 })
    expect(await statusOf(idToken)).toBe(101)
    expect(provider.keyFetches).toBe(fetches + 1)
    expect(await statusOf(old)).toBe(401)
  })
})

describe('a logout at the provider', () => {
  test('ends what belongs to that login, and refuses its tokens', async () => {
    const [phone, desk] = [provider.browser(), provider.browser()]
    const [onPhone, atDesk] = [await phone.logIn('joan'), await desk.logIn('joan')]
    const other = await open((await provider.browser().logIn('mary')).idToken)
    const phones = await open(onPhone.idToken)
    const desks = await open(atDesk.idToken)
    const closed = closeOf(phones)
    await phone.logOut()
    expect(await closed).toBe('3000 session-revoked')
    expect(await statusOf(onPhone.idToken)).toBe(401)
    expect(await echo(desks, 'here')).toBe('here')
    expect(await echo(other, 'here')).toBe('here')
    expect(await running.log.line('request', { path: logoutPath })).toMatchObject({ status: 200 })
    for (const socket of [desks, other]) socket.terminate()
  })

  test('ends what does not say to which login it belongs', async () => {
    const browser = provider.browser()
    const socket = await open((await browser.logIn('kay')).accessToken)
    const closed = closeOf(socket)
    await browser.logOut()
    expect(await closed).toBe('3000 session-revoked')
  })
})

const post = async (body: string | URLSearchParams, type?: string): Promise<Response> =>
  await fetch(url(logoutPath), {
    method: 'POST',
    body,
    ...(type === undefined ? {} : { headers: { 'Content-Type': type } }),
  })
const form = (values: [string, string][]): URLSearchParams => new URLSearchParams(values)

describe('what is no logout token', () => {
  test.each<[string, () => Promise<Response>, number]>([
    ['no form', async () => await post('logout_token=x', 'text/plain'), 400],
    ['an empty form', async () => await post(form([])), 400],
    [
      'two of them',
      async () =>
        await post(
          form([
            ['logout_token', 'x'],
            ['logout_token', 'y'],
          ]),
        ),
      400,
    ],
    ['no token', async () => await post(form([['logout_token', 'x.y.z']])), 400],
    [
      'a form that is too big',
      async () => await post(form([['logout_token', 'x'.repeat(70_000)]])),
      413,
    ],
    ['a GET', async () => await fetch(url(logoutPath)), 405],
  ])('%s', async (_, ask, status) => {
    const answer = await ask()
    expect(answer.status).toBe(status)
    if (status === 400) {
      expect(await answer.json()).toMatchObject({ error: 'invalid_request' })
      expect(answer.headers.get('cache-control')).toBe('no-store')
    }
  })

  test('an ID token', async () => {
    const { idToken } = await provider.browser().logIn('ida')
    const socket = await open(idToken)
    expect((await post(form([['logout_token', idToken]]))).status).toBe(400)
    expect(await echo(socket, 'here')).toBe('here')
    socket.terminate()
  })

  test('is nothing to a gateway that takes none', async () => {
    const other = await startGateway(proxyTo(`http://127.0.0.1:${upstream.port}`))
    const answer = await fetch(`http://127.0.0.1:${other.port()}${logoutPath}`, { method: 'POST' })
    expect(await answer.text()).toBe('served')
    other.stop()
  })
})
