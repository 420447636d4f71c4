import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { startGateway } from '../support/gateway.ts'
import type { RunningGateway } from '../support/gateway.ts'
import { mint, tokens } from '../support/login.ts'
import { notingUpstream } from '../support/noting-upstream.ts'
import type { NotingUpstream } from '../support/noting-upstream.ts'
import { openWebSocket } from '../support/websocket-client.ts'
import type { Asked } from '../support/websocket-client.ts'

const everywhere = ['header', 'query:token', 'cookie:login', 'subprotocol']

let upstream: NotingUpstream
let running: RunningGateway

beforeAll(async () => {
  upstream = await notingUpstream()
  running = await startGateway({
    listeners: { edge: { bind: '127.0.0.1:0' } },
    upstreams: { app: { servers: [`http://127.0.0.1:${upstream.port}`] } },
    authenticators: {
      kept: tokens({ from: everywhere }),
      passed: tokens({ from: everywhere, passCredential: true }),
      other: tokens({ from: ['query:other'] }),
    },
    routes: [
      { name: 'passed', match: { path: '/passed/*' }, proxy: 'app', auth: 'passed' },
      {
        name: 'visible',
        match: { path: '/visible/*' },
        proxy: 'app',
        auth: 'kept',
        refuse: 'visible',
      },
      { name: 'main', proxy: 'app', auth: ['kept', 'other'], requireOrigin: false },
    ],
  })
})
beforeEach(() => {
  upstream.requests.length = 0
})
afterAll(() => {
  running.stop()
  upstream.close()
})

interface Carried extends Asked {
  readonly query?: string
}

/** Every way to carry a credential. */
const carriers: readonly [what: string, carry: (credential: string) => Carried][] = [
  ['Authorization', (text) => ({ headers: { Authorization: `Bearer ${text}` } })],
  ['a query parameter', (text) => ({ query: `?a=1&token=${text}&b=2` })],
  ['a query parameter with an escaped name', (text) => ({ query: `?%74oken=${text}` })],
  ['a cookie', (text) => ({ headers: { Cookie: `theme=dark; login=${text}; lang=en` } })],
  ['two subprotocols', (text) => ({ protocols: ['bearer', text, 'chat.v1'] })],
  ['one subprotocol', (text) => ({ protocols: ['chat.v1', `authorization.bearer.${text}`] })],
]

const origin = (): { Origin: string } => ({ Origin: `http://127.0.0.1:${running.port()}` })

async function open(route: string, carried: Carried) {
  const { query = '', headers, protocols = [] } = carried
  const asked = { headers: { ...origin(), ...headers }, protocols }
  const opened = await openWebSocket(running.port(), `${route}/ws${query}`, asked)
  opened.socket?.terminate()
  return opened
}

/** Everything that is known of a run outside of the client's own connection. */
async function outside(): Promise<string> {
  return JSON.stringify([running.log.lines, await running.metrics.render(), upstream.requests])
}

describe.each(carriers)('a token in %s', (_, carry) => {
  test('lets pass and goes no further', async () => {
    const token = await mint()
    const { status, headers } = await open('/main', carry(token))
    expect(status).toBe(101)
    expect(JSON.stringify(headers)).not.toContain(token)
    const [request] = upstream.requests
    expect(request!.rawHeaders.join('\n')).not.toMatch(/bearer/i)
    expect(await outside()).not.toContain(token)
  })

  test('is not told either where it is wrong', async () => {
    const token = `planted-${(await mint()).slice(0, 40)}`
    expect((await open('/main', carry(token))).status).toBe(401)
    expect(upstream.requests).toEqual([])
    expect(await outside()).not.toContain(token)
  })

  test('is told the upstream as Authorization where that is wished', async () => {
    const token = await mint()
    expect((await open('/passed', carry(token))).status).toBe(101)
    const [request] = upstream.requests
    expect(request!.all('authorization')).toEqual([`Bearer ${token}`])
    const others = request!.rawHeaders.filter((text) => !text.startsWith('Bearer '))
    expect(JSON.stringify([others, request!.url])).not.toContain(token)
  })
})

test('what stands beside a credential stays as it was', async () => {
  const token = await mint()
  await open('/main', { query: `?a=1&token=${token}&b=%20&a=1` })
  await open('/main', { headers: { Cookie: `theme=dark; login=${token}; lang=en` } })
  const [query, cookie] = upstream.requests
  expect(query!.url).toBe('/main/ws?a=1&b=%20&a=1')
  expect(cookie!.all('cookie')).toEqual(['theme=dark; lang=en'])
})

test('a plain request carries one in the same places', async () => {
  const token = await mint()
  const url = `http://127.0.0.1:${running.port()}/main/x`
  expect((await fetch(`${url}?token=${token}`)).status).toBe(200)
  expect((await fetch(url, { headers: { Cookie: `login=${token}` } })).status).toBe(200)
  const referer = { Referer: `${url}?token=${token}`, Authorization: `Bearer ${token}` }
  expect((await fetch(url, { headers: referer })).status).toBe(200)
  expect(await outside()).not.toContain(token)
})

describe('more than one credential for one authenticator', () => {
  test.each<[string, (token: string) => Carried]>([
    [
      'a header and a query',
      (t) => ({ query: `?token=${t}`, headers: { Authorization: `Bearer ${t}` } }),
    ],
    ['a repeated query key', (t) => ({ query: `?token=${t}&token=${t}` })],
    ['two cookies of one name', (t) => ({ headers: { Cookie: `login=${t}; login=${t}` } })],
    [
      'a subprotocol and a cookie',
      (t) => ({ protocols: ['bearer', t, 'chat'], headers: { Cookie: `login=${t}` } }),
    ],
  ])('%s: 401', async (_, carry) => {
    const { status, body } = await open('/main', carry(await mint()))
    expect([status, body]).toEqual([401, 'credentials-invalid\n'])
    expect(upstream.requests).toEqual([])
  })
})

describe('subprotocols', () => {
  test('the client is answered with one that is no secret', async () => {
    const token = await mint()
    const { headers } = await open('/main', { protocols: ['bearer', token, 'chat.v1', 'chat.v2'] })
    expect(headers['sec-websocket-protocol']).toBe('chat.v1')
    expect(upstream.requests[0]!.all('sec-websocket-protocol').join()).toMatch(
      /^chat\.v1, ?chat\.v2$/,
    )
  })

  test.each([
    ['main', (token: string) => ['bearer', token]],
    ['main', (token: string) => [`authorization.bearer.${token}`]],
    ['visible', (token: string) => ['bearer', token]],
  ])('on %s an offer of the secret alone is 400, right or wrong', async (route, offer) => {
    for (const token of [await mint(), 'wrong']) {
      const { status, body } = await open(`/${route}`, { protocols: offer(token) })
      expect([status, body]).toEqual([400, 'subprotocol-unsupported\n'])
    }
    expect(upstream.requests).toEqual([])
  })
})

test('a credential in the place of another authenticator is taken out although nobody needed it', async () => {
  const token = await mint()
  await open('/main', {
    query: `?other=secret-of-other`,
    headers: { Authorization: `Bearer ${token}` },
  })
  expect(upstream.requests[0]!.url).toBe('/main/ws')
  expect(await outside()).not.toContain('secret-of-other')
})

describe('a route that takes cookies', () => {
  test('refuses an upgrade without an Origin', async () => {
    const headers = { Cookie: `login=${await mint()}` }
    const { status, body } = await openWebSocket(running.port(), '/passed/ws', { headers })
    expect([status, body]).toEqual([403, 'origin-denied\n'])
  })

  test('refuses a foreign page before it looks at the cookie', async () => {
    for (const login of [await mint(), 'wrong']) {
      const headers = { Cookie: `login=${login}`, Origin: 'https://evil.example' }
      const { status, body } = await openWebSocket(running.port(), '/passed/ws', { headers })
      expect([status, body]).toEqual([403, 'origin-denied\n'])
    }
  })
})
