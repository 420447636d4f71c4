import { once } from 'node:events'
import type { WebSocket } from 'ws'
import { afterEach, beforeAll, afterAll, describe, expect, test } from 'vitest'
import { bridgeTo, proxyTo, startGateway } from '../support/gateway.ts'
import type { RunningGateway } from '../support/gateway.ts'
import { bearer, mint, tokens } from '../support/login.ts'
import { tcpEcho, wsEcho } from '../support/peers.ts'
import type { Peer } from '../support/peers.ts'
import { closeOf, echo, mustOpen, openWebSocket } from '../support/websocket-client.ts'

let upstream: Peer
let running: RunningGateway

beforeAll(async () => {
  upstream = await wsEcho()
})
afterAll(() => upstream.close())
afterEach(() => running.stop())

async function start(more: Record<string, unknown> = {}): Promise<void> {
  const authenticators = { staff: tokens(), others: tokens({ audience: 'others' }) }
  const routes = [{ name: 'main', proxy: 'app', auth: ['staff', 'others'] }]
  const base = proxyTo(`http://127.0.0.1:${upstream.port}`, { authenticators, routes })
  running = await startGateway({ ...base, ...more })
}

async function open(token: string, path = '/ws'): Promise<WebSocket> {
  return await mustOpen(running.port(), path, { headers: bearer(token) })
}

async function refusedWith(token: string): Promise<string> {
  const { status, body } = await openWebSocket(running.port(), '/ws', { headers: bearer(token) })
  return `${status} ${body.trim()}`
}

const revoke = (what: object): number => running.gateway.revoke(what as { subject: string })
const seconds = (): number => Math.floor(Date.now() / 1000)

describe('a session whose token ends', () => {
  test('is closed with 3000 at its end, and every message is whole', async () => {
    await start()
    const exp = seconds() + 3
    const socket = await open(await mint({ exp }))
    const sent: string[] = []
    const got: string[] = []
    const closed = once(socket, 'close') as Promise<[number, Buffer]>
    socket.on('message', (data: Buffer) => {
      got.push(data.toString())
      const text = `${got.length} ${'x'.repeat(60_000)}`
      sent.push(text)
      socket.send(text)
    })
    sent.push('first')
    socket.send('first')
    const [code, reason] = await closed
    expect([code, reason.toString()]).toEqual([3000, 'session-expired'])
    // Each came back as it went out; the last ones may have been on their way.
    expect(got.length).toBeGreaterThan(10)
    expect(got).toEqual(sent.slice(0, got.length))
    expect(Date.now()).toBeGreaterThanOrEqual(exp * 1000)
    expect(Date.now()).toBeLessThan(exp * 1000 + 2500)
    expect(await running.log.line('session closed')).toMatchObject({
      closedBy: 'gateway',
      code: 3000,
      reason: 'session-expired',
      error: 'session-expired',
      identity: 'ada',
    })
  })

  test('of an issuer whose clock is slow is told at once that it has ended', async () => {
    await start()
    expect(await closeOf(await open(await mint({ exp: seconds() - 5 })))).toBe(
      '3000 session-expired',
    )
  })

  test('may stay for the grace', async () => {
    await start({ sessions: { grace: '2s' } })
    const exp = seconds() + 1
    const socket = await open(await mint({ exp }))
    expect(await closeOf(socket)).toBe('3000 session-expired')
    expect(Date.now()).toBeGreaterThanOrEqual(exp * 1000 + 2000)
  })

  test('in the year 2100 lives', async () => {
    await start()
    const socket = await open(await mint({ exp: Date.UTC(2100) / 1000 }))
    const ending = await open(await mint({ exp: seconds() + 1 }))
    expect(await closeOf(ending)).toBe('3000 session-expired')
    expect(await echo(socket, 'still here')).toBe('still here')
    socket.terminate()
  })

  test('on a bridge is closed too, and the backend gets FIN', async () => {
    const backend = await tcpEcho()
    running = await startGateway(
      bridgeTo(`tcp://127.0.0.1:${backend.port}`, {
        authenticators: { staff: tokens() },
        routes: [{ name: 'main', bridge: 'backend', auth: 'staff' }],
      }),
    )
    const socket = await open(await mint({ exp: seconds() + 2, sub: 'grace' }))
    expect(await echo(socket, Buffer.from('over'))).toBe('over')
    expect(await closeOf(socket)).toBe('3000 session-expired')
    const line = await running.log.line('session closed')
    expect(line).toMatchObject({ identity: 'grace', upstream: `tcp://127.0.0.1:${backend.port}` })
    backend.close()
  })
})

describe('a revocation', () => {
  test('of one subject closes a thousand sessions in a second, and nobody else’s', async () => {
    await start({ admission: { handshakesPerClient: 'none', connectionsPerClient: 'none' } })
    const [ada, grace] = [await mint({ sub: 'ada' }), await mint({ sub: 'grace' })]
    const adas: WebSocket[] = []
    for (let batch = 0; batch < 20; batch++) {
      adas.push(...(await Promise.all(Array.from({ length: 50 }, () => open(ada)))))
    }
    const graces = await Promise.all(Array.from({ length: 20 }, () => open(grace)))
    const closings = Promise.all(adas.map(closeOf))
    // The time of this process, in which clients and upstream are too: the machine may have other
    // work.
    const began = process.cpuUsage()
    expect(running.gateway.revoke({ subject: 'ada' })).toBe(1000)
    expect(new Set(await closings)).toEqual(new Set(['3000 session-revoked']))
    const { user, system } = process.cpuUsage(began)
    expect((user + system) / 1000).toBeLessThan(1000)
    for (const socket of graces) expect(await echo(socket, 'here')).toBe('here')
    expect(running.gateway.revoke({ subject: 'ada' })).toBe(0)
    for (const socket of graces) socket.terminate()
  })

  test('of a subject refuses what it was issued before, and takes what comes after', async () => {
    await start()
    const now = seconds()
    const before = await mint({ iat: now - 10 })
    const socket = await open(before)
    running.gateway.revoke({ subject: 'ada' })
    expect(await closeOf(socket)).toBe('3000 session-revoked')
    expect(await refusedWith(before)).toBe('401 credentials-invalid')
    expect(await refusedWith(await mint({ iat: now - 5, jti: 'never seen' }))).toBe(
      '401 credentials-invalid',
    )
    expect(await refusedWith(await mint({ iat: undefined }))).toBe('401 credentials-invalid')
    const after = await open(await mint({ iat: now + 2 }))
    after.terminate()
    const url = `http://127.0.0.1:${running.port()}/x`
    expect((await fetch(url, { headers: bearer(before) })).status).toBe(401)
  })

  test('of a token closes what it has opened, by its jti', async () => {
    await start()
    const one = await open(await mint({ jti: 'one' }))
    const two = await open(await mint({ jti: 'two' }))
    expect(running.gateway.revoke({ tokenId: 'one' })).toBe(1)
    expect(await closeOf(one)).toBe('3000 session-revoked')
    expect(await refusedWith(await mint({ jti: 'one' }))).toBe('401 credentials-invalid')
    expect(await echo(two, 'here')).toBe('here')
    two.terminate()
  })

  test('of a login closes what belongs to it, by its sid', async () => {
    await start()
    const phone = await open(await mint({ sid: 'phone' }))
    const desk = await open(await mint({ sid: 'desk' }))
    expect(running.gateway.revoke({ sessionId: 'phone' })).toBe(1)
    expect(await closeOf(phone)).toBe('3000 session-revoked')
    expect(await echo(desk, 'here')).toBe('here')
    desk.terminate()
  })

  test('of one session closes it, and refuses the token it came with', async () => {
    await start()
    const [one, two] = [await mint({ jti: '1' }), await mint({ jti: '2' })]
    const first = await open(one, '/first')
    const second = await open(two, '/second')
    const { id } = await running.log.line('session opened', { path: '/first' })
    expect(running.gateway.revoke({ id: String(id) })).toBe(1)
    expect(await closeOf(first)).toBe('3000 session-revoked')
    expect(await refusedWith(one)).toBe('401 credentials-invalid')
    expect(await echo(second, 'here')).toBe('here')
    second.terminate()
  })

  test('may be narrowed to one authenticator', async () => {
    await start()
    const ours = await open(await mint())
    const theirs = await open(await mint({ aud: 'others' }))
    expect(running.gateway.revoke({ subject: 'ada', authenticator: 'others' })).toBe(1)
    expect(await closeOf(theirs)).toBe('3000 session-revoked')
    expect(await echo(ours, 'here')).toBe('here')
    ours.terminate()
  })

  test('of nothing is a mistake', async () => {
    await start()
    expect(() => revoke({})).toThrow(TypeError)
    expect(() => revoke({ subject: undefined })).toThrow(TypeError)
    expect(() => revoke({ subject: 'ada', tokenId: 'one' })).toThrow(TypeError)
  })
})

test('a session that is revoked while its upstream is dialled does not live', async () => {
  const held = Promise.withResolvers<void>()
  const dialled = Promise.withResolvers<void>()
  const slow = await wsEcho({
    verifyClient: (_, decide) => {
      dialled.resolve()
      void held.promise.then(() => decide(true))
    },
  })
  running = await startGateway(
    proxyTo(`http://127.0.0.1:${slow.port}`, {
      authenticators: { staff: tokens() },
      routes: [{ name: 'main', proxy: 'app', auth: 'staff' }],
    }),
  )
  const opening = open(await mint())
  await dialled.promise
  expect(running.gateway.revoke({ subject: 'ada' })).toBe(0)
  held.resolve()
  expect(await closeOf(await opening)).toBe('3000 session-revoked')
  slow.close()
})
