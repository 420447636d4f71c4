import { afterEach, describe, expect, test } from 'vitest'
import { clientFrame, frame } from '../support/frames.ts'
import type { LogLine } from '../support/gateway.ts'
import type { RawClient } from '../support/raw-client.ts'
import { RawGateway, takeFrame } from '../support/raw-session.ts'
import type { RawSession } from '../support/raw-session.ts'

let gateway: RawGateway | undefined
afterEach(() => {
  gateway?.stop()
  gateway = undefined
})

const closeOf = async (from: RawClient): Promise<string> => {
  const { opcode, payload } = await takeFrame(from)
  expect(opcode).toBe(8)
  return `${payload.readUInt16BE(0)} ${payload.toString('utf8', 2)}`
}

/** Of each limit: what it is set to with `over: close`, and so many four-byte messages as pass. */
const limits = [
  ['messageRate', { max: '1/h', burst: 2, over: 'close' }, 2],
  ['byteRate', { max: '1B/h', burst: '8B', over: 'close' }, 2],
  ['message', '3B', 0],
] as const

const token = (limit: string): string => (limit === 'message' ? 'message-too-big' : 'rate-exceeded')
const code = (limit: string): number => (limit === 'message' ? 1009 : 1008)

describe.each(limits)('limits.%s over its limit', (limit, value, passing) => {
  test(`ends a client’s session with ${code(limit)}`, async () => {
    gateway = await RawGateway.relay({ limits: { [limit]: { fromClient: value } } })
    const { client, upstream, closed } = await gateway.open()
    for (let i = 0; i <= passing; i += 1) client.send(clientFrame({ payload: 'four' }))
    for (let i = 0; i < passing; i += 1) {
      expect((await takeFrame(upstream)).payload.toString()).toBe('four')
    }
    expect(await closeOf(client)).toBe(`${code(limit)} ${token(limit)}`)
    expect(await closeOf(upstream)).toBe(`1001 ${token(limit)}`)
    client.end()
    upstream.end()
    expect(await closed()).toMatchObject({
      closedBy: 'gateway',
      code: code(limit),
      reason: token(limit),
      error: token(limit),
      received: { messages: passing, bytes: passing * 4 },
    })
  })

  test(`ends an upstream’s session with ${code(limit)} for it, 1011 for the client`, async () => {
    gateway = await RawGateway.relay({ limits: { [limit]: { fromUpstream: value } } })
    const { client, upstream, closed } = await gateway.open()
    for (let i = 0; i <= passing; i += 1) upstream.send(frame({ payload: 'four' }))
    for (let i = 0; i < passing; i += 1) {
      expect((await takeFrame(client)).payload.toString()).toBe('four')
    }
    expect(await closeOf(upstream)).toBe(`${code(limit)} upstream-invalid`)
    expect(await closeOf(client)).toBe('1011 upstream-invalid')
    client.end()
    upstream.end()
    expect(await closed()).toMatchObject({ closedBy: 'gateway', error: 'upstream-invalid' })
  })
})

test.each(limits)(
  'limits.%s of a bridge’s route ends its session, and resets its backend',
  async (limit, value, passing) => {
    gateway = await RawGateway.bridge({
      routes: [{ name: 'main', bridge: 'backend', limits: { [limit]: value } }],
    })
    const { client, upstream, closed } = await gateway.open()
    for (let i = 0; i <= passing; i += 1) client.send(clientFrame({ payload: 'four' }))
    expect(await closeOf(client)).toBe(`${code(limit)} ${token(limit)}`)
    await upstream.closed()
    client.end()
    expect(await closed()).toMatchObject({ code: code(limit), error: token(limit) })
  },
)

describe('over: log', () => {
  test.each([
    ['messageRate', { max: '1/h', over: 'log' }],
    ['byteRate', { max: '1B/h', over: 'log' }],
    ['message', { max: '3B', over: 'log' }],
    ['controlFrameRate', { max: '1/h', over: 'log' }],
  ])(
    'of limits.%s lets everything pass, is one line a session, and is counted',
    async (limit, value) => {
      gateway = await RawGateway.relay({ limits: { [limit]: value } })
      const { running } = gateway
      const opcode = limit === 'controlFrameRate' ? 9 : 2
      const sessions: RawSession[] = []
      for (let i = 0; i < 2; i += 1) {
        const session = await gateway.open()
        sessions.push(session)
        for (let n = 0; n < 5; n += 1) session.client.send(clientFrame({ opcode, payload: 'four' }))
        for (let n = 0; n < 5; n += 1) await takeFrame(session.upstream)
      }
      const told = running.log.lines.filter(({ msg }) => msg === 'limit exceeded')
      expect(told).toHaveLength(2)
      expect(told[0]).toMatchObject({ limit, from: 'client', route: 'main', level: 'warn' })
      expect(await running.metrics.render()).toContain(
        `drawbridge_limits_exceeded_total{route="main",limit="${limit}"} 2`,
      )
      for (const { client } of sessions) client.destroy()
    },
  )
})

/** Takes so many bytes of payload. */
async function drain(from: RawClient, bytes: number): Promise<void> {
  for (let taken = 0; taken < bytes;) taken += (await takeFrame(from)).payload.length
}

describe.each([
  ['a relay', RawGateway.relay.bind(RawGateway)],
  ['a bridge', RawGateway.bridge.bind(RawGateway)],
])('throttle on %s', (kind, start) => {
  test('keeps a stream of a client at its rate, and loses nothing', async () => {
    gateway = await start({
      limits: { byteRate: { fromClient: { max: '1MiB/s', burst: '64KiB' } } },
    })
    const { client, upstream } = await gateway.open()
    const message = clientFrame({ payload: Buffer.alloc(16_384, 7) })
    const started = performance.now()
    for (let i = 0; i < 36; i += 1) client.send(message)
    if (kind === 'a relay') await drain(upstream, 36 * 16_384)
    else await upstream.take(36 * 16_384)
    const rate = (32 * 16_384) / 2 ** 20 / ((performance.now() - started) / 1000)
    expect(rate).toBeLessThan(1.02)
    expect(rate).toBeGreaterThan(0.7)
    client.destroy()
  })

  test('keeps a stream of an upstream at its rate, and loses nothing', async () => {
    gateway = await start({
      limits: { byteRate: { fromUpstream: { max: '1MiB/s', burst: '64KiB' } } },
    })
    const { client, upstream } = await gateway.open()
    const payload = Buffer.alloc(16_384, 7)
    const started = performance.now()
    for (let i = 0; i < 36; i += 1) upstream.send(kind === 'a relay' ? frame({ payload }) : payload)
    await drain(client, 36 * 16_384)
    const rate = (32 * 16_384) / 2 ** 20 / ((performance.now() - started) / 1000)
    expect(rate).toBeLessThan(1.02)
    expect(rate).toBeGreaterThan(0.7)
    client.destroy()
  })
})

test('a route’s own limit holds in place of the global one', async () => {
  gateway = await RawGateway.relay({
    limits: { messageRate: { max: '1/h', over: 'close' } },
    routes: [
      { name: 'free', match: { path: '/free/*' }, proxy: 'app', limits: { messageRate: 'none' } },
      { name: 'main', proxy: 'app' },
    ],
  })
  const free = await gateway.open({ route: '/free' })
  for (let i = 0; i < 3; i += 1) free.client.send(clientFrame({ payload: 'x' }))
  for (let i = 0; i < 3; i += 1) await takeFrame(free.upstream)
  const held = await gateway.open()
  for (let i = 0; i < 3; i += 1) held.client.send(clientFrame({ payload: 'x' }))
  await takeFrame(held.upstream)
  expect(await closeOf(held.upstream)).toBe('1001 rate-exceeded')
  const lines: LogLine[] = gateway.running.log.lines.filter(({ msg }) => msg === 'refused')
  expect(lines).toEqual([])
  free.client.destroy()
  held.client.destroy()
})
