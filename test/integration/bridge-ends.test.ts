import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { Opcode } from '../../src/websocket/opcode.ts'
import { closeFrame, expectClose } from '../support/frame-run.ts'
import { clientFrame, readFrames } from '../support/frames.ts'
import { livePeer } from '../support/live-peer.ts'
import { bytes } from '../support/raw-client.ts'
import { Random } from '../support/random.ts'
import { RawGateway, takeFrame, turn } from '../support/raw-session.ts'
import type { RawSession } from '../support/raw-session.ts'

let gateway: RawGateway
beforeAll(async () => {
  gateway = await RawGateway.bridge({
    timeouts: { closing: '400ms' },
    limits: { controlFrameRate: 'none' },
  })
})
afterAll(() => gateway.stop())

const mebibyte = new Random(1).bytes(1 << 20)

describe('the backend ends', () => {
  test('1 MiB and a FIN: every byte arrives, then Close 1000', async () => {
    const session = await gateway.open()
    session.upstream.send(mebibyte)
    session.upstream.end()
    expect((await payloadUntilClose(session)).equals(mebibyte)).toBe(true)
    session.client.send(closeFrame('client', 1000))
    session.client.end()
    expect(await session.closed()).toMatchObject({
      closedBy: 'upstream',
      code: 1000,
      reason: '',
      sent: { bytes: mebibyte.length },
    })
  })

  test('a FIN alone: Close 1000, and the backend gets its FIN', async () => {
    const session = await gateway.open()
    session.upstream.end()
    expect(await livePeer(session.client, 'client')).toEqual(['close 1000', 'fin'])
    expect(await session.upstream.closed()).toHaveLength(0)
    const line = await session.closed()
    expect(line).toMatchObject({ closedBy: 'upstream', code: 1000 })
    expect([line['error'], line['expired']]).toEqual([undefined, undefined])
  })

  test('a FIN, while the client still sends: what it sends before its Close still goes out', async () => {
    const session = await gateway.open()
    session.upstream.end()
    await expectClose(session.client, 'client', 1000, '')
    session.client.send(clientFrame({ payload: 'last words' }))
    session.client.send(closeFrame('client', 1000))
    expect((await session.upstream.closed()).toString()).toBe('last words')
    session.client.end()
    expect(await session.closed()).toMatchObject({ received: { messages: 1, bytes: 10 } })
  })

  test('upstream-lost: a reset gives the client 1011, behind what came before it', async () => {
    const session = await gateway.open()
    session.upstream.send('some output')
    expect((await takeFrame(session.client)).payload.toString()).toBe('some output')
    session.upstream.reset()
    expect(await livePeer(session.client, 'client')).toEqual(['close 1011 upstream-lost', 'fin'])
    expect(await session.closed()).toMatchObject({
      closedBy: 'upstream',
      code: 1011,
      error: 'upstream-lost',
    })
  })

  test('a client that goes on sending is cut after `closing`', async () => {
    const session = await gateway.open()
    session.upstream.end()
    await expectClose(session.client, 'client', 1000, '')
    const busy = setInterval(() => session.client.send(clientFrame({ payload: 'more' })), 10)
    const line = await session.closed()
    clearInterval(busy)
    expect(line).toMatchObject({ closedBy: 'upstream', code: 1000, expired: true })
    expect(line['received']).not.toMatchObject({ messages: 0 })
    await session.client.closed()
  })

  test('a client that never answers the Close is cut after `closing`', async () => {
    const session = await gateway.open()
    session.upstream.end()
    await expectClose(session.client, 'client', 1000, '')
    expect(await session.closed()).toMatchObject({
      closedBy: 'upstream',
      code: 1000,
      expired: true,
    })
    await session.client.closed()
    session.client.end()
  })
})

describe('the client ends', () => {
  test('1 MiB and a Close: every byte arrives, then FIN', async () => {
    const session = await gateway.open()
    session.client.send(clientFrame({ payload: mebibyte }))
    session.client.send(closeFrame('client', 1000, 'done'))
    expect((await session.upstream.closed()).equals(mebibyte)).toBe(true)
    expect(session.upstream.wasReset).toBe(false)
    session.upstream.end()
    expect(await livePeer(session.client, 'client')).toEqual(['close 1000 done', 'fin'])
    expect(await session.closed()).toMatchObject({
      closedBy: 'client',
      code: 1000,
      reason: 'done',
      received: { messages: 1, bytes: mebibyte.length },
    })
  })

  test('its Close is answered at once, late bytes are discarded, then the backend is destroyed', async () => {
    const session = await gateway.open()
    session.client.send(closeFrame('client', 4000, 'bye'))
    expect(await livePeer(session.client, 'client')).toEqual(['close 4000 bye', 'fin'])
    expect(await session.upstream.closed()).toHaveLength(0)
    session.upstream.send(mebibyte)
    await turn()
    session.upstream.send('and more')
    const line = await session.closed()
    expect(line).toMatchObject({
      closedBy: 'client',
      code: 4000,
      expired: true,
      sent: { messages: 0, bytes: 0 },
    })
    expect(line['durationMs']).toBeGreaterThanOrEqual(400)
    session.upstream.destroy()
  })

  test('a Close without a code is answered by one without a code', async () => {
    const session = await gateway.open()
    session.client.send(bytes('8880 00000000'))
    expect(await livePeer(session.client, 'client')).toEqual(['close', 'fin'])
    session.upstream.end()
    expect(await session.closed()).toMatchObject({ closedBy: 'client', code: 1005, reason: '' })
  })

  test.each(['end', 'reset'] as const)(
    'client-lost: by %s the backend gets a reset',
    async (how) => {
      const session = await gateway.open()
      session.client.send(clientFrame({ payload: 'x' }))
      expect((await session.upstream.take(1)).toString()).toBe('x')
      session.client[how]()
      await session.upstream.closed()
      expect(session.upstream.wasReset).toBe(true)
      expect(await session.closed()).toMatchObject({
        closedBy: 'client',
        code: 1006,
        error: 'client-lost',
      })
    },
  )
})

describe('messages and bytes', () => {
  test('thousands of small frames in one read become the same bytes in order', async () => {
    const random = new Random(2)
    const session = await gateway.open()
    const payloads = Array.from({ length: 5_000 }, () => random.bytes(random.int(0, 9)))
    session.client.send(Buffer.concat(payloads.map((payload) => maskedWith(random, payload))))
    const expected = Buffer.concat(payloads)
    expect((await session.upstream.take(expected.length)).equals(expected)).toBe(true)
    await close(session)
    expect(await session.closed()).toMatchObject({
      received: { messages: 5_000, bytes: expected.length },
    })
  })

  test('the same, cut at every byte', async () => {
    const random = new Random(3)
    const session = await gateway.open()
    const payloads = Array.from({ length: 40 }, () => random.bytes(random.int(0, 9)))
    const sent = Buffer.concat(payloads.map((payload) => maskedWith(random, payload)))
    for (const byte of sent) {
      session.client.send(Buffer.from([byte]))
      await turn()
    }
    const expected = Buffer.concat(payloads)
    expect((await session.upstream.take(expected.length)).equals(expected)).toBe(true)
    await close(session)
  })

  test('fragments are bytes as they come, before the message is complete', async () => {
    const session = await gateway.open()
    session.client.send(clientFrame({ fin: false, payload: 'ab' }))
    expect((await session.upstream.take(2)).toString()).toBe('ab')
    session.client.send(clientFrame({ opcode: Opcode.ping, payload: 'between' }))
    expect(readFrames(await session.client.take(9)).frames[0]).toMatchObject({
      opcode: Opcode.pong,
      payload: Buffer.from('between'),
    })
    session.client.send(clientFrame({ opcode: Opcode.continuation, payload: 'cd' }))
    expect((await session.upstream.take(2)).toString()).toBe('cd')
    await close(session)
    expect(await session.closed()).toMatchObject({ received: { messages: 1, bytes: 4 } })
  })

  test('half a frame is passed on as it comes', async () => {
    const session = await gateway.open()
    const sent = clientFrame({ payload: 'hello' })
    session.client.send(sent.subarray(0, 8))
    expect((await session.upstream.take(2)).toString()).toBe('he')
    session.client.send(sent.subarray(8))
    expect((await session.upstream.take(3)).toString()).toBe('llo')
    await close(session)
  })

  test('empty messages are nothing', async () => {
    const session = await gateway.open()
    session.client.send(
      Buffer.concat([clientFrame(), clientFrame({ payload: 'x' }), clientFrame()]),
    )
    expect((await session.upstream.take(1)).toString()).toBe('x')
    await close(session)
    expect(await session.closed()).toMatchObject({ received: { messages: 3, bytes: 1 } })
  })

  test('there is no limit on messages of a bridge unless its route has one', async () => {
    const session = await gateway.open()
    const large = Buffer.alloc(2 << 20, 'x')
    session.client.send(clientFrame({ payload: large }))
    expect((await session.upstream.take(large.length)).equals(large)).toBe(true)
    await close(session)
  })

  test('pings are answered, pongs are nothing', async () => {
    const session = await gateway.open()
    session.client.send(clientFrame({ opcode: Opcode.pong, payload: 'unasked' }))
    for (const payload of ['', 'x', 'y'.repeat(125)]) {
      session.client.send(clientFrame({ opcode: Opcode.ping, payload }))
      const { opcode, masked, payload: echoed } = await takeFrame(session.client)
      expect([opcode, masked, echoed.toString()]).toEqual([Opcode.pong, false, payload])
    }
    await close(session)
    expect(await session.closed()).toMatchObject({ received: { messages: 0, bytes: 0 } })
  })
})

/** A whole binary message under a key of its own. */
function maskedWith(random: Random, payload: Buffer): Buffer {
  const key = random.bytes(4)
  const masked = payload.map((byte, index) => byte ^ key[index % 4]!)
  return Buffer.concat([Buffer.from([0x82, 0x80 | payload.length]), key, masked])
}

/** What the client got in binary messages, until the Close 1000 that must be behind them. */
async function payloadUntilClose({ client }: RawSession): Promise<Buffer> {
  const payloads: Buffer[] = []
  for (;;) {
    const { opcode, payload } = await takeFrame(client)
    if (opcode === Opcode.close) {
      expect(payload.toString('hex')).toBe('03e8')
      return Buffer.concat(payloads)
    }
    expect(opcode).toBe(Opcode.binary)
    payloads.push(payload)
  }
}

async function close({ client, upstream, closed }: RawSession): Promise<void> {
  client.send(closeFrame('client', 1000))
  upstream.end()
  expect(await livePeer(client, 'client')).toEqual(['close 1000', 'fin'])
  await closed()
}
