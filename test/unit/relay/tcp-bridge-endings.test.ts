import { randomBytes } from 'node:crypto'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { GatewayError } from '../../../src/errors.ts'
import type { Token } from '../../../src/errors.ts'
import { Opcode } from '../../../src/websocket/opcode.ts'
import { clientFrame, frame } from '../../support/frames.ts'
import { Rigs } from './rig.ts'
import type { Rig, Settings } from './rig.ts'
import { clientClose, leaveBridge } from './closes.ts'
import { payloads } from './payloads.ts'

const { close, continuation, ping, pong } = Opcode
const MiB = 1 << 20

let rigs: Rigs
beforeAll(async () => {
  rigs = await Rigs.open()
})
afterEach(() => rigs.idle())
afterAll(() => rigs.close())

const bridge = (settings: Settings = {}): Promise<Rig> =>
  rigs.make({ bridge: 'binary', ...settings })

function sizedPing(): Buffer {
  return clientFrame({ opcode: ping, payload: 'p' })
}

describe('(none): one side ends in good order', () => {
  test('the backend: everything is flushed, then 1000', async () => {
    const rig = await bridge()
    const data = randomBytes(MiB)
    rig.upstream.send(data)
    rig.upstream.end()
    expect((await payloads(rig.client, MiB)).data.equals(data)).toBe(true)
    expect(await rig.client.close()).toBe('1000')
    rig.client.send(clientClose(1000))
    await rig.client.rest()
    rig.client.end()
    expect(await rig.ended()).toMatchObject({
      closedBy: 'upstream',
      code: 1000,
      reason: '',
      error: undefined,
      expired: false,
      sent: { bytes: MiB },
    })
  })

  test('the backend, half: what the client says before its Close still arrives', async () => {
    const rig = await bridge()
    rig.upstream.end()
    expect(await rig.client.close()).toBe('1000')
    rig.client.send(clientFrame({ payload: 'last words' }), clientClose(1000))
    expect((await rig.upstream.rest()).toString()).toBe('last words')
    rig.client.end()
    await rig.outcome
  })

  test('the client: answered at once, FIN behind what it sent, late bytes discarded', async () => {
    const rig = await bridge()
    const data = randomBytes(MiB)
    rig.client.send(clientFrame({ payload: data }), clientClose(4000, 'bye'))
    expect(await rig.client.close()).toBe('4000 bye')
    expect(await rig.client.rest()).toHaveLength(0)
    expect((await rig.upstream.rest()).equals(data)).toBe(true)
    expect(rig.upstream.wasReset).toBe(false)
    rig.upstream.send(Buffer.alloc(MiB))
    rig.upstream.end()
    rig.client.end()
    expect(await rig.ended()).toMatchObject({
      closedBy: 'client',
      code: 4000,
      reason: 'bye',
      error: undefined,
      sent: { messages: 0, bytes: 0 },
    })
  })

  test('a Close without a code is answered without one', async () => {
    const rig = await bridge()
    rig.client.send(clientFrame({ opcode: close }))
    expect(await rig.client.close()).toBe('no code')
    leaveBridge(rig)
    expect(await rig.ended()).toMatchObject({ closedBy: 'client', code: 1005 })
  })

  test('a backend that goes on sending is destroyed after timeouts.closing', async () => {
    const rig = await bridge({ timeouts: { closing: 60 } })
    rig.client.send(clientClose(1000))
    await rig.client.rest()
    rig.client.end()
    const busy = setInterval(() => rig.upstream.send(Buffer.alloc(1000)), 5)
    expect(await rig.ended()).toMatchObject({ closedBy: 'client', code: 1000, expired: true })
    clearInterval(busy)
    rig.upstream.socket.destroy()
  })

  test('a client that does not answer 1000 is gone after timeouts.closing', async () => {
    const rig = await bridge({ timeouts: { closing: 60 } })
    rig.upstream.end()
    await rig.client.rest()
    rig.client.end()
    expect(await rig.ended()).toMatchObject({ closedBy: 'upstream', code: 1000, expired: true })
  })
})

test('upstream-lost: a backend’s reset is 1011', async () => {
  const rig = await bridge()
  rig.upstream.send(Buffer.from('x'))
  await rig.client.frame()
  rig.upstream.reset()
  expect(await rig.client.close()).toBe('1011 upstream-lost')
  leaveBridge(rig)
  expect(await rig.ended()).toMatchObject({
    closedBy: 'upstream',
    code: 1011,
    error: 'upstream-lost',
  })
})

describe('client-lost', () => {
  test.each([
    ['end', 'between messages', clientFrame({ payload: 'x' })],
    ['reset', 'between messages', clientFrame({ payload: 'x' })],
    ['end', 'inside one', clientFrame({ payload: 'xyz' }).subarray(0, 7)],
    ['reset', 'inside one', clientFrame({ payload: 'xyz' }).subarray(0, 7)],
  ] as const)('%s %s resets the backend', async (how, _, sent) => {
    const rig = await bridge()
    rig.client.send(sent)
    await rig.upstream.take(1)
    rig.client[how]()
    await rig.upstream.rest()
    expect(rig.upstream.wasReset).toBe(true)
    expect(await rig.ended()).toMatchObject({
      closedBy: 'client',
      code: 1006,
      error: 'client-lost',
    })
  })
})

describe('violations', () => {
  test.each<[Token, string, Buffer]>([
    ['frame-invalid', '1002', frame({ payload: 'unmasked' })],
    ['frame-invalid', '1002', clientFrame({ rsv: 0x40 })],
    ['frame-invalid', '1002', clientClose(1005)],
    ['message-too-big', '1009', clientFrame({ payload: Buffer.alloc(11) })],
    ['rate-exceeded', '1008', Buffer.concat([sizedPing(), sizedPing()])],
  ])('%s: %s, and a reset for the backend', async (token, code, bad) => {
    const rig = await bridge({
      limits: {
        message: { fromClient: 10, fromUpstream: Infinity },
        controlFrameRate: { rate: { count: 1, perMs: 60_000 }, burst: 1, over: 'close' },
      },
    })
    rig.client.send(bad)
    if (token === 'rate-exceeded') expect((await rig.client.frame()).opcode).toBe(pong)
    expect(await rig.client.close()).toBe(`${code} ${token}`)
    await rig.upstream.rest()
    expect(rig.upstream.wasReset).toBe(true)
    leaveBridge(rig)
    expect(await rig.ended()).toMatchObject({ closedBy: 'gateway', error: token })
  })
})

describe('what the gateway decides', () => {
  test.each<[Token, string]>([
    ['draining', '1001'],
    ['idle', '1001'],
    ['lifetime', '1001'],
  ])('%s: a Close, and FIN for the backend', async (token, code) => {
    const rig = await bridge()
    rig.client.send(clientFrame({ payload: 'x' }))
    await rig.upstream.take(1)
    rig.session.close(new GatewayError(token, 'because'))
    expect(await rig.client.close()).toBe(`${code} ${token}`)
    expect(await rig.upstream.rest()).toHaveLength(0)
    expect(rig.upstream.wasReset).toBe(false)
    leaveBridge(rig)
    expect(await rig.ended()).toMatchObject({ closedBy: 'gateway', error: token })
  })

  test('draining waits for the end of a message', async () => {
    const rig = await bridge()
    rig.client.send(clientFrame({ fin: false, payload: 'one ' }))
    await rig.upstream.take(4)
    rig.session.close(new GatewayError('draining', 'because'))
    rig.client.send(
      clientFrame({ opcode: continuation, payload: 'two' }),
      clientFrame({ payload: 'three' }),
    )
    expect(await rig.client.close()).toBe('1001 draining')
    expect((await rig.upstream.rest()).toString()).toBe('two')
    leaveBridge(rig)
    await rig.outcome
  })

  test('draining does not wait for long, and the backend still gets FIN', async () => {
    const rig = await bridge({ timeouts: { closing: 100 } })
    rig.client.send(clientFrame({ payload: 'abcdef' }).subarray(0, 8))
    await rig.upstream.take(2)
    rig.session.close(new GatewayError('draining', 'because'))
    expect(await rig.client.close()).toBe('1001 draining')
    await rig.upstream.rest()
    expect(rig.upstream.wasReset).toBe(false)
    leaveBridge(rig)
    await rig.outcome
  })
})

describe('clocks', () => {
  test('client-silent: 1001, and a reset for the backend', async () => {
    const rig = await bridge({ timeouts: { ping: 30, pong: 40 } })
    expect((await rig.client.frame()).opcode).toBe(ping)
    expect(await rig.client.close()).toBe('1001 client-silent')
    await rig.upstream.rest()
    expect(rig.upstream.wasReset).toBe(true)
    leaveBridge(rig)
    expect(await rig.ended()).toMatchObject({ code: 1001, error: 'client-silent' })
  })

  test('a backend may be silent for as long as it likes', async () => {
    const rig = await bridge({ timeouts: { ping: 10, pong: 100 } })
    for (let i = 0; i < 5; i++) {
      const { payload } = await rig.client.frame()
      rig.client.send(clientFrame({ opcode: pong, payload }))
    }
    expect(rig.upstream.received).toHaveLength(0)
    leaveBridge(rig)
    await rig.outcome
  })

  test('client-stalled: both are reset', async () => {
    const rig = await bridge({ unread: 'client', timeouts: { stall: 80 } })
    for (let i = 0; i < 32; i++) rig.upstream.send(Buffer.alloc(MiB))
    await rig.upstream.rest()
    expect(rig.upstream.wasReset).toBe(true)
    rig.client.read()
    await rig.client.rest()
    leaveBridge(rig)
    expect(await rig.ended()).toMatchObject({ code: 1006, error: 'client-stalled' })
  })

  test('upstream-stalled: 1011', async () => {
    const rig = await bridge({ unread: 'upstream', timeouts: { stall: 80 } })
    for (let i = 0; i < 32; i++) rig.client.send(clientFrame({ payload: Buffer.alloc(MiB) }))
    expect(await rig.client.close()).toBe('1011 upstream-stalled')
    rig.upstream.read()
    await rig.upstream.rest()
    leaveBridge(rig)
    expect(await rig.ended()).toMatchObject({ code: 1011, error: 'upstream-stalled' })
  })
})
