import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createLogger } from '../../src/observe/logger.ts'
import { Opcode } from '../../src/websocket/opcode.ts'
import { expectClose } from '../support/frame-run.ts'
import { clientFrame, frame } from '../support/frames.ts'
import { LogCapture } from '../support/gateway.ts'
import { livePeer } from '../support/live-peer.ts'
import { bytes } from '../support/raw-client.ts'
import { RawGateway } from '../support/raw-session.ts'
import type { RawSession } from '../support/raw-session.ts'

const limits = {
  message: { fromClient: '1KiB', fromUpstream: '2KiB' },
  controlFrameRate: { max: '1/m', burst: 5, over: 'close' },
}
let gateway: RawGateway
let bridge: RawGateway
beforeAll(async () => {
  gateway = await RawGateway.relay({ limits, timeouts: { closing: '400ms' } })
  bridge = await RawGateway.bridge({
    timeouts: { closing: '400ms' },
    routes: [
      { match: { path: '/text/*' }, bridge: 'backend', messages: 'text', limits },
      { name: 'main', bridge: 'backend', limits },
    ],
  })
})
afterAll(() => {
  gateway.stop()
  bridge.stop()
})

const pings = (size: number, make: typeof frame): Buffer =>
  Buffer.concat(Array.from({ length: size }, () => make({ opcode: Opcode.ping })))

const ofClient = [
  { token: 'frame-invalid', code: 1002, sent: bytes('8101 61') },
  { token: 'message-too-big', code: 1009, sent: clientFrame({ payload: Buffer.alloc(1025) }) },
  { token: 'rate-exceeded', code: 1008, sent: pings(6, clientFrame) },
] as const

const ofUpstream = [
  { token: 'upstream-invalid', code: 1002, sent: bytes('8181 00000000 61') },
  { token: 'upstream-invalid', code: 1009, sent: frame({ payload: Buffer.alloc(2049) }) },
  { token: 'upstream-invalid', code: 1008, sent: pings(6, frame) },
] as const

describe.each(ofClient)('$token', ({ token, code, sent }) => {
  test(`on a relay: the client gets ${code}, the upstream 1001`, async () => {
    const session = await gateway.open()
    session.client.send(Buffer.concat([clientFrame({ payload: 'before' }), sent]))
    const [client, upstream] = await ended(session)
    expect(client).toEqual([`close ${code} ${token}`, 'fin'])
    expect(upstream.filter((frame) => frame !== 'ping 0')).toEqual([
      'binary before',
      `close 1001 ${token}`,
      'fin',
    ])
    expect(await record(session)).toEqual(violated(code, token))
  })

  test(`on a bridge: the client gets ${code}, the backend a reset`, async () => {
    const session = await bridge.open()
    session.client.send(clientFrame({ payload: 'before' }))
    expect((await session.upstream.take(6)).toString()).toBe('before')
    session.client.send(sent)
    const client = await livePeer(session.client, 'client')
    expect(client.filter((frame) => frame !== 'pong 0')).toEqual([`close ${code} ${token}`, 'fin'])
    await session.upstream.closed()
    expect(session.upstream.wasReset).toBe(true)
    expect(await record(session)).toEqual(violated(code, token))
  })
})

describe('upstream-invalid', () => {
  test.each(ofUpstream)('the client gets 1011, the upstream $code', async ({ code, sent }) => {
    const session = await gateway.open()
    session.upstream.send(Buffer.concat([frame({ payload: 'before' }), sent]))
    const [client, upstream] = await ended(session)
    expect(client.filter((frame) => frame !== 'ping 0')).toEqual([
      'binary before',
      'close 1011 upstream-invalid',
      'fin',
    ])
    expect(upstream).toEqual([`close ${code} upstream-invalid`, 'fin'])
    expect(await record(session)).toEqual(violated(1011, 'upstream-invalid'))
  })

  test('an upstream that goes on after its violation is not listened to', async () => {
    const session = await gateway.open()
    session.upstream.send(Buffer.concat([bytes('8181 00000000 61'), frame({ payload: 'after' })]))
    const [client] = await ended(session)
    expect(client).toEqual(['close 1011 upstream-invalid', 'fin'])
    expect((await session.closed())['sent']).toEqual({ messages: 0, bytes: 0 })
  })

  test('an upstream that neither answers nor ends is destroyed', async () => {
    const session = await gateway.open()
    session.upstream.send(bytes('8300'))
    expect(await livePeer(session.client, 'client')).toEqual(['close 1011 upstream-invalid', 'fin'])
    await session.closed()
    await session.upstream.closed()
  })
})

describe('message-kind', () => {
  test('a text message on a binary bridge: the client gets 1003, the backend a reset', async () => {
    const session = await bridge.open()
    session.client.send(clientFrame({ payload: 'before' }))
    expect((await session.upstream.take(6)).toString()).toBe('before')
    session.client.send(clientFrame({ opcode: Opcode.text, payload: 'text' }))
    expect(await livePeer(session.client, 'client')).toEqual(['close 1003 message-kind', 'fin'])
    expect(await session.upstream.closed()).toHaveLength(0)
    expect(session.upstream.wasReset).toBe(true)
    expect(await record(session)).toEqual(violated(1003, 'message-kind'))
  })

  test.each([
    ['empty', '8180 00000000'],
    ['fragmented', '0181 00000000 61'],
    ['known by its header', '81fe 0400 00000000'],
  ])('a text message that is %s', async (_, hex) => {
    const session = await bridge.open()
    session.client.send(bytes(hex))
    expect(await livePeer(session.client, 'client')).toEqual(['close 1003 message-kind', 'fin'])
    expect((await session.closed())['received']).toEqual({ messages: 0, bytes: 0 })
  })
})

describe('text-invalid', () => {
  test.each([
    ['a byte that is never UTF-8', ['ff']],
    ['an overlong form', ['c080']],
    ['a surrogate', ['eda080']],
    ['beyond U+10FFFF', ['f4908080']],
    ['half a character at the end', ['61c3']],
    ['a lone continuation byte', ['80']],
    ['behind good text', ['cebae1bdb9cf83cebcceb5', 'ff']],
    ['half a character at the end of the last fragment', ['cea9', 'f09f98']],
    ['known at once, before the last fragment', ['f0', '80']],
  ])('%s: the client gets 1007, the backend a reset', async (_, fragments) => {
    const session = await bridge.open({ route: '/text' })
    for (const [index, hex] of fragments.entries()) {
      const fin = index === fragments.length - 1 && fragments.at(-1) !== '80'
      const opcode = index === 0 ? Opcode.text : Opcode.continuation
      session.client.send(
        clientFrame({ opcode, fin: fin || fragments.length === 1, payload: bytes(hex) }),
      )
    }
    expect(await livePeer(session.client, 'client')).toEqual(['close 1007 text-invalid', 'fin'])
    await session.upstream.closed()
    expect(session.upstream.wasReset).toBe(true)
    expect(await record(session)).toEqual(violated(1007, 'text-invalid'))
  })

  test('binary messages are not judged', async () => {
    const session = await bridge.open({ route: '/text' })
    session.client.send(clientFrame({ payload: bytes('fffec080') }))
    expect(await session.upstream.take(4)).toEqual(bytes('fffec080'))
    session.client.end()
    session.upstream.end()
    await session.closed()
  })
})

test('internal: the gateway’s own failure ends one session, with 1011 and 1001', async () => {
  // A log that cannot be written, at the moment a session has something to tell.
  const log = new LogCapture()
  const { output } = log
  const write = output.write.bind(output) as (line: string) => boolean
  output.write = (line: string): boolean => {
    if (line.includes('limit exceeded')) throw new Error('no space left on device')
    return write(line)
  }
  const failing = await RawGateway.relay(
    { limits: { controlFrameRate: { max: '1/m', burst: 1, over: 'log' } } },
    { parts: { logger: createLogger({ level: 'info', format: 'json', output }) } },
  )
  const [broken, sound] = [await failing.open(), await failing.open()]
  broken.client.send(pings(2, clientFrame))
  const [client, upstream] = await ended(broken)
  expect(client.at(-2)).toBe('close 1011 internal')
  expect(upstream.at(-2)).toBe('close 1001 internal')
  const line = await log.line('session closed', { path: broken.path })
  expect(line).toMatchObject({ level: 'error', closedBy: 'gateway', code: 1011, error: 'internal' })
  expect(JSON.stringify(line['err'])).toContain('no space left on device')
  sound.client.send(clientFrame({ payload: 'x' }))
  expect(await sound.upstream.take(7)).toHaveLength(7)
  failing.stop()
})

test('a second violation, while the first is being told of, is not told', async () => {
  const session = await gateway.open()
  session.client.send(bytes('8101 61'))
  session.upstream.send(bytes('8300'))
  await expectClose(session.client, 'client', 1002, 'frame-invalid')
  session.client.end()
  session.upstream.end()
  expect(await record(session)).toEqual(violated(1002, 'frame-invalid'))
})

async function ended({ client, upstream }: RawSession): Promise<[string[], string[]]> {
  return await Promise.all([livePeer(client, 'client'), livePeer(upstream, 'upstream')])
}

async function record(session: RawSession): Promise<Record<string, unknown>> {
  const { closedBy, code, reason, error } = await session.closed()
  return { closedBy, code, reason, error }
}

function violated(code: number, error: string): Record<string, unknown> {
  return { closedBy: 'gateway', code, reason: error, error }
}
