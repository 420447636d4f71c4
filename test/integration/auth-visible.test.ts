import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { Opcode } from '../../src/websocket/opcode.ts'
import { clientFrame } from '../support/frames.ts'
import { proxyTo, startGateway } from '../support/gateway.ts'
import type { RunningGateway } from '../support/gateway.ts'
import { bearer, mint, tokens } from '../support/login.ts'
import { RawClient, upgradeHead } from '../support/raw-client.ts'
import { takeFrame } from '../support/raw-session.ts'
import { notingUpstream } from '../support/noting-upstream.ts'
import type { NotingUpstream } from '../support/noting-upstream.ts'
import { closeOf, openWebSocket } from '../support/websocket-client.ts'
import type { Asked } from '../support/websocket-client.ts'

const app = 'https://app.example'
const page = { Origin: app }

let upstream: NotingUpstream
let running: RunningGateway

beforeAll(async () => {
  upstream = await notingUpstream()
})
afterAll(() => upstream.close())
afterEach(() => {
  running.stop()
  expect(upstream.requests).toEqual([])
})

async function start(more: Record<string, unknown> = {}): Promise<void> {
  const route = { proxy: 'app', auth: 'staff', origins: [app], refuse: 'visible' }
  running = await startGateway(
    proxyTo(`http://127.0.0.1:${upstream.port}`, {
      authenticators: {
        staff: tokens({ require: { role: 'staff' }, from: ['header', 'subprotocol'] }),
      },
      routes: [
        { name: 'full', match: { path: '/full' }, ...route, limits: { sessions: 1 } },
        { name: 'main', ...route },
      ],
      ...more,
    }),
  )
}

/** What a client is told: a close code, or a status. */
async function told(path: string, asked: Asked): Promise<string> {
  const { socket, status, body } = await openWebSocket(running.port(), path, asked)
  return socket === undefined ? `${status} ${body.trim()}` : await closeOf(socket)
}

describe('a page is told', () => {
  test('that it has no login', async () => {
    await start()
    expect(await told('/x', { headers: page })).toBe('3000 credentials-missing')
    expect(await running.log.line('refused')).toMatchObject({
      status: 401,
      code: 3000,
      error: 'credentials-missing',
      route: 'main',
      origin: app,
    })
  })

  test('that its login has ended', async () => {
    await start()
    const headers = { ...page, ...bearer(await mint({ exp: 1_000_000 })) }
    expect(await told('/x', { headers })).toBe('3000 credentials-expired')
  })

  test('that it may not', async () => {
    await start()
    const headers = { ...page, ...bearer(await mint()) }
    expect(await told('/x', { headers })).toBe('3003 permission-missing')
  })

  test('to come again later', async () => {
    await start({ admission: { handshakesPerClient: '1/h' } })
    expect(await told('/x', { headers: page })).toBe('3000 credentials-missing')
    expect(await told('/x', { headers: page })).toBe('1013 client-limit')
    expect(await running.log.line('refused', { error: 'client-limit' })).toMatchObject({
      status: 429,
      code: 1013,
    })
  })

  test('that the route is full', async () => {
    await start()
    const headers = { ...page, ...bearer(await mint({ role: 'staff' })) }
    const first = await openWebSocket(running.port(), '/full', { headers })
    expect(await told('/full', { headers })).toBe('1013 route-limit')
    first.socket?.terminate()
    expect(await running.log.line('refused')).toMatchObject({ status: 503, identity: 'ada' })
    expect(upstream.requests.splice(0)).toHaveLength(1)
  })

  test('with a subprotocol of its offer that is no secret', async () => {
    await start()
    const offer = { headers: page, protocols: ['bearer', 'wrong', 'chat.v2'] }
    const { socket, headers } = await openWebSocket(running.port(), '/x', offer)
    expect(headers['sec-websocket-protocol']).toBe('chat.v2')
    expect(await closeOf(socket!)).toBe('3000 credentials-invalid')
  })
})

describe('by its status is refused', () => {
  test('who is no page', async () => {
    await start()
    expect(await told('/x', {})).toBe('401 credentials-missing')
    expect(await running.log.line('refused')).not.toHaveProperty('code')
  })

  test('a foreign page, logged in or not', async () => {
    await start()
    const evil = { Origin: 'https://evil.example' }
    expect(await told('/x', { headers: evil })).toBe('403 origin-denied')
    const headers = { ...evil, ...bearer(await mint({ role: 'staff' })) }
    expect(await told('/x', { headers })).toBe('403 origin-denied')
  })

  test('an address that may not', async () => {
    await start({
      listeners: { edge: { bind: '127.0.0.1:0', clients: { deny: ['127.0.0.0/8'] } } },
    })
    expect(await told('/x', { headers: page })).toBe('403 address-denied')
  })

  test('an offer of nothing but the secret', async () => {
    await start()
    const offer = { headers: page, protocols: ['bearer', 'wrong'] }
    expect(await told('/x', offer)).toBe('400 subprotocol-unsupported')
  })

  test('a handshake that is none', async () => {
    await start()
    const client = await RawClient.connect(running.port())
    client.send(upgradeHead('/x', { ...page, 'Sec-WebSocket-Key': 'short' }))
    expect((await client.head()).status).toBe(400)
    client.destroy()
  })

  test('a plain request', async () => {
    await start()
    const answer = await fetch(`http://127.0.0.1:${running.port()}/x`, { headers: page })
    expect(answer.status).toBe(401)
  })
})

describe('a hundred at once', () => {
  test('are told so, and the next ones by their status, until some have left', async () => {
    await start()
    const clients: RawClient[] = []
    for (let count = 0; count < 100; count++) {
      const client = await RawClient.connect(running.port())
      client.send(upgradeHead('/x', page))
      expect((await client.head()).status).toBe(101)
      clients.push(client)
    }
    expect(await told('/x', { headers: page })).toBe('401 credentials-missing')
    for (const client of clients) client.destroy()
    // The gateway sees them go; the second that it gives them would be over later.
    const slot = async (): Promise<string> => {
      const answer = await told('/x', { headers: page })
      return answer.startsWith('401') ? await slot() : answer
    }
    expect(await slot()).toBe('3000 credentials-missing')
  })

  test('have a second to close', async () => {
    await start()
    const client = await RawClient.connect(running.port())
    client.send(upgradeHead('/x', page))
    expect((await client.head()).status).toBe(101)
    const close = await takeFrame(client)
    expect([close.opcode, close.payload.readUInt16BE()]).toEqual([Opcode.close, 3000])
    const began = performance.now()
    // What it goes on sending is read by nobody, and it is not waited for.
    client.send(clientFrame({ payload: 'x'.repeat(1000) }))
    await client.closed()
    const { promise, resolve } = Promise.withResolvers<void>()
    client.socket.once('close', () => resolve())
    client.socket.end()
    await promise
    expect(performance.now() - began).toBeLessThan(2000)
  })
})
