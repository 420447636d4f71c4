import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { Opcode } from '../../src/websocket/opcode.ts'
import { closeFrame, expectClose } from '../support/frame-run.ts'
import { clientFrame, frame } from '../support/frames.ts'
import { livePeer } from '../support/live-peer.ts'
import { RawGateway, takeFrame } from '../support/raw-session.ts'
import type { RawSession } from '../support/raw-session.ts'

function route(name: string, limits: Record<string, unknown>): Record<string, unknown> {
  return { name, match: { path: `/${name}/*` }, proxy: 'app', limits }
}

let gateway: RawGateway
beforeAll(async () => {
  gateway = await RawGateway.relay({
    timeouts: { closing: '1s' },
    limits: { message: { fromClient: '1KiB' } },
    routes: [
      route('throttle', { controlFrameRate: '100/s' }),
      route('log', { controlFrameRate: { max: '1/m', burst: 2, over: 'log' } }),
      route('none', { controlFrameRate: 'none' }),
      route('small', { message: '10B' }),
      route('large', { message: { fromClient: 'none' } }),
      { name: 'main', proxy: 'app' },
    ],
  })
})
afterAll(() => gateway.stop())

const sides = ['client', 'upstream'] as const

describe.each(sides)('control frames of the %s', (from) => {
  const to = from === 'client' ? 'upstream' : 'client'
  const ping = (payload: string): Buffer =>
    frame({ opcode: Opcode.ping, payload, masked: from === 'client' })

  test('a plain rate throttles: all arrive in order, not sooner than the rate says', async () => {
    const session = await gateway.open({ route: '/throttle' })
    const pings = Array.from({ length: 150 }, (_, i) => ping(String(i)))
    const began = performance.now()
    // Apart, so that they come in several reads: what is read at once cannot be held back.
    for (const one of pings.slice(0, 101)) session[from].send(one)
    for (const one of pings.slice(0, 101)) expect(await session[to].take(one.length)).toEqual(one)
    for (const one of pings.slice(101)) {
      session[from].send(one)
      expect(await session[to].take(one.length)).toEqual(one)
    }
    expect(performance.now() - began).toBeGreaterThan(400)
    await end(session)
    expect(await session.closed()).toMatchObject({ error: 'client-lost' })
  })

  test('`over: log` lets everything through, and tells once', async () => {
    const session = await gateway.open({ route: '/log' })
    const pings = Array.from({ length: 200 }, (_, i) => ping(String(i)))
    session[from].send(Buffer.concat(pings))
    for (const one of pings) expect(await session[to].take(one.length)).toEqual(one)
    const { log } = gateway.running
    await log.line('limit exceeded', { route: 'log', limit: 'controlFrameRate' })
    const told = log.lines.filter(({ msg }) => msg === 'limit exceeded')
    expect(told).toHaveLength(sides.indexOf(from) + 1)
    await end(session)
  })

  test('`none` lets everything through', async () => {
    const session = await gateway.open({ route: '/none' })
    const flood = Buffer.concat(Array.from({ length: 20_000 }, () => ping('x')))
    session[from].send(flood)
    expect((await session[to].take(flood.length)).equals(flood)).toBe(true)
    await end(session)
  })
})

describe('the size of messages', () => {
  test('the default lets the upstream send what it likes', async () => {
    const session = await gateway.open()
    const large = frame({ payload: Buffer.alloc(3 << 20) })
    session.upstream.send(large)
    expect((await session.client.take(large.length)).equals(large)).toBe(true)
    session.client.send(clientFrame({ payload: Buffer.alloc(1_025) }))
    await expectClose(session.client, 'client', 1009, 'message-too-big')
    await end(session)
  })

  test.each([
    ['client', 1009, 'message-too-big'],
    ['upstream', 1011, 'upstream-invalid'],
  ] as const)('a route has its own, for the %s too', async (from, code, reason) => {
    const session = await gateway.open({ route: '/small' })
    const masked = from === 'client'
    const ten = frame({ payload: Buffer.alloc(10), masked })
    session[from].send(ten)
    expect(await session[from === 'client' ? 'upstream' : 'client'].take(ten.length)).toEqual(ten)
    session[from].send(frame({ payload: Buffer.alloc(11), masked }))
    await expectClose(session.client, 'client', code, reason)
    await end(session)
  })

  test('a route may lift it', async () => {
    const session = await gateway.open({ route: '/large' })
    session.client.send(clientFrame({ payload: Buffer.alloc(1 << 20) }))
    expect((await takeFrame(session.upstream)).payload).toHaveLength(1 << 20)
    await end(session)
  })
})

test('the metrics count sessions, closes by code and side, messages and bytes', async () => {
  const before = await totals()
  const session = await gateway.open()
  session.client.send(clientFrame({ payload: 'four' }))
  await takeFrame(session.upstream)
  session.upstream.send(frame({ payload: 'seven!!' }))
  await takeFrame(session.client)
  expect((await totals()).get('sessions_open{route="main",kind="websocket"}')).toBe(1)
  session.client.send(closeFrame('client', 4321))
  await livePeer(session.upstream, 'upstream')
  await livePeer(session.client, 'client')
  await session.closed()
  const after = await totals()
  const grown = (name: string): number => (after.get(name) ?? 0) - (before.get(name) ?? 0)
  expect(after.get('sessions_open{route="main",kind="websocket"}')).toBe(0)
  expect(grown('sessions_total{route="main",kind="websocket"}')).toBe(1)
  expect(grown('closes_total{code="4xxx",side="client"}')).toBe(1)
  expect(grown('messages_total{route="main",direction="received"}')).toBe(1)
  expect(grown('messages_total{route="main",direction="sent"}')).toBe(1)
  expect(grown('bytes_total{route="main",direction="received"}')).toBe(4)
  expect(grown('bytes_total{route="main",direction="sent"}')).toBe(7)
})

async function totals(): Promise<Map<string, number>> {
  const text = await gateway.running.metrics.render()
  return new Map(
    text
      .split('\n')
      .filter((line) => line.startsWith('drawbridge_'))
      .map((line) => {
        const at = line.lastIndexOf(' ')
        return [line.slice('drawbridge_'.length, at), Number(line.slice(at + 1))]
      }),
  )
}

async function end({ client, upstream, closed }: RawSession): Promise<void> {
  client.end()
  upstream.end()
  await closed()
}
