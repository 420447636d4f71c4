import type { Browser, Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { launchBrowser, openPage } from '../support/browser.ts'
import { proxyTo, startGateway } from '../support/gateway.ts'
import type { RunningGateway } from '../support/gateway.ts'
import { mint, tokens } from '../support/login.ts'
import { httpServer } from '../support/peers.ts'
import type { Peer } from '../support/peers.ts'
import { notingUpstream } from '../support/noting-upstream.ts'
import type { NotingUpstream } from '../support/noting-upstream.ts'

let site: Peer
let upstream: NotingUpstream
let running: RunningGateway
let browser: Browser
let page: Page

beforeAll(async () => {
  // The page comes from elsewhere, as from a CDN: for the gateway it is of another origin.
  site = await httpServer((_, response) => {
    response.setHeader('Content-Type', 'text/html').end('<!doctype html><title>chat</title>')
  })
  upstream = await notingUpstream()
  const origins = [`http://127.0.0.1:${site.port}`]
  running = await startGateway(
    proxyTo(`http://127.0.0.1:${upstream.port}`, {
      authenticators: {
        staff: tokens({
          from: ['header', 'subprotocol', 'cookie:login'],
          require: { role: 'staff' },
        }),
        page: { ticket: {} },
      },
      routes: [
        { name: 'hidden', match: { path: '/hidden' }, proxy: 'app', auth: 'staff', origins },
        { name: 'main', proxy: 'app', auth: ['staff', 'page'], origins, refuse: 'visible' },
      ],
    }),
  )
  browser = await launchBrowser()
  ;({ page } = await openPage(browser))
  await page.goto(`http://127.0.0.1:${site.port}/`)
})
afterEach(() => {
  upstream.requests.length = 0
})
afterAll(async () => {
  await browser?.close()
  running.stop()
  upstream.close()
  site.close()
})

interface Seen {
  readonly opened: boolean
  readonly protocol: string
  /** What came back. */
  readonly echo: string | undefined
  readonly code: number
  readonly reason: string
}

/** Opens a WebSocket in the page, sends a message where it can, and closes it. */
async function connect(path: string, protocols: string[] = []): Promise<Seen> {
  const url = `ws://127.0.0.1:${running.port()}${path}`
  return await page.evaluate(
    async ([url, protocols]) =>
      await new Promise<Seen>((resolve) => {
        const socket = new WebSocket(url, protocols)
        let [opened, echo] = [false, undefined as string | undefined]
        socket.addEventListener('open', () => {
          opened = true
          socket.send('hello')
        })
        socket.addEventListener('message', ({ data }) => {
          echo = String(data)
          socket.close(1000, 'done')
        })
        socket.addEventListener('close', ({ code, reason }) => {
          resolve({ opened, protocol: socket.protocol, echo, code, reason })
        })
      }),
    [url, protocols] as const,
  )
}

/** Asks for a ticket as a page does. */
async function ticket(
  headers: Record<string, string>,
  credentials: 'omit' | 'include' = 'omit',
): Promise<unknown> {
  const url = `http://127.0.0.1:${running.port()}/.drawbridge/ticket?for=/chat`
  return await page.evaluate(
    async ([url, headers, credentials]) => {
      const init = { method: 'POST', headers, credentials }
      const answer = await fetch(url, init)
      return answer.ok ? ((await answer.json()) as { ticket: string }).ticket : answer.status
    },
    [url, headers, credentials] as const,
  )
}

const staff = async (): Promise<string> => await mint({ role: 'staff', sub: 'grace' })
const passed = { opened: true, echo: 'hello', code: 1000, reason: 'done' }

test('a page comes in with a token among its subprotocols', async () => {
  const token = await staff()
  expect(await connect('/chat', ['bearer', token, 'chat.v1'])).toEqual({
    ...passed,
    protocol: 'chat.v1',
  })
  expect(JSON.stringify([upstream.requests, running.log.lines])).not.toContain(token)
  expect(await running.log.line('session opened')).toMatchObject({ identity: 'grace' })
})

test('a page comes in with a ticket', async () => {
  const given = await ticket({ Authorization: `Bearer ${await staff()}` })
  expect(given).toMatch(/^[\w-]{43}$/)
  expect(await connect(`/chat?ticket=${String(given)}`)).toMatchObject(passed)
  expect(upstream.requests[0]!.url).toBe('/chat')
  // It was good once.
  expect(await connect(`/chat?ticket=${String(given)}`)).toMatchObject({
    code: 3000,
    reason: 'credentials-invalid',
  })
})

test('a page gets a ticket for its cookie', async () => {
  const domain = '127.0.0.1'
  await page.context().addCookies([{ name: 'login', value: await staff(), domain, path: '/' }])
  const given = await ticket({}, 'include')
  await page.context().clearCookies()
  expect(await connect(`/chat?ticket=${String(given)}`)).toMatchObject(passed)
})

test('a page without a login learns so, from the WebSocket and from the ticket', async () => {
  expect(await connect('/chat')).toMatchObject({ code: 3000, reason: 'credentials-missing' })
  expect(await ticket({ Authorization: 'Bearer wrong' })).toBe(401)
})

test('a page that may not come in learns so, whatever subprotocols it has offered', async () => {
  const token = await mint({ role: 'guest' })
  expect(await connect('/chat', ['bearer', token, 'chat.v1', 'chat.v2'])).toMatchObject({
    protocol: 'chat.v1',
    code: 3003,
    reason: 'permission-missing',
  })
  expect(upstream.requests).toEqual([])
})

test('without refuse: visible a page learns nothing', async () => {
  expect(await connect('/hidden')).toMatchObject({ opened: false, code: 1006, reason: '' })
})

test('a page learns that its login has ended', async () => {
  const exp = Math.floor(Date.now() / 1000) + 2
  const token = await mint({ role: 'staff', exp })
  const url = `ws://127.0.0.1:${running.port()}/chat`
  const closed = await page.evaluate(
    async ([url, token]) =>
      await new Promise((resolve) => {
        const socket = new WebSocket(url, ['bearer', token, 'chat.v1'])
        socket.addEventListener('close', ({ code, reason, wasClean }) => {
          resolve({ code, reason, wasClean })
        })
      }),
    [url, token] as const,
  )
  expect(closed).toEqual({ code: 3000, reason: 'session-expired', wasClean: true })
})
