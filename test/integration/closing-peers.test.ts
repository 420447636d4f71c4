import { once } from 'node:events'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { closeFrame, expectClose } from '../support/frame-run.ts'
import { livePeer } from '../support/live-peer.ts'
import { bytes } from '../support/raw-client.ts'
import { RawGateway, turn } from '../support/raw-session.ts'
import type { RawSession } from '../support/raw-session.ts'

let gateway: RawGateway
beforeAll(async () => {
  gateway = await RawGateway.relay({ timeouts: { closing: '400ms' } })
})
afterAll(() => gateway.stop())

const text = { client: bytes('8181 00000000 61'), upstream: bytes('8101 61') }
const half = { client: bytes('8184 00000000 6162'), upstream: bytes('8104 6162') }

describe('(none): one side closes in good order', () => {
  test.each([
    [1000, ''],
    [1001, 'going away'],
    [1011, 'server error'],
    [3000, 'unauthorized'],
    [4999, 'é€😀'],
  ])(
    '%i %j of the client reaches the upstream, and its answer the client',
    async (code, reason) => {
      const session = await gateway.open()
      session.client.send(closeFrame('client', code, reason))
      const [, upstream] = await ended(session)
      expect(upstream).toEqual([`close ${code} ${reason}`.trimEnd(), 'fin'])
      expect(await record(session)).toEqual({ closedBy: 'client', code, reason, error: undefined })
    },
  )

  test.each([
    [1000, ''],
    [1012, 'service restart'],
    [4000, 'mine'],
  ])(
    '%i %j of the upstream reaches the client, and its answer the upstream',
    async (code, reason) => {
      const session = await gateway.open()
      session.upstream.send(closeFrame('upstream', code, reason))
      const [client, upstream] = await ended(session)
      const close = `close ${code} ${reason}`.trimEnd()
      expect([client, upstream]).toEqual([
        [close, 'fin'],
        [close, 'fin'],
      ])
      expect(await record(session)).toEqual({
        closedBy: 'upstream',
        code,
        reason,
        error: undefined,
      })
    },
  )

  test.each(['client', 'upstream'] as const)(
    'a Close of the %s without a code is an empty one on the wire and 1005 in the record',
    async (from) => {
      const session = await gateway.open()
      session[from].send(bytes(from === 'client' ? '8880 00000000' : '8800'))
      const to = from === 'client' ? 1 : 0
      expect((await ended(session))[to]).toEqual(['close', 'fin'])
      expect(await record(session)).toEqual({
        closedBy: from,
        code: 1005,
        reason: '',
        error: undefined,
      })
    },
  )

  test('both close at the same time: both are answered by the other’s, the first counts', async () => {
    const session = await gateway.open()
    session.client.send(closeFrame('client', 4001, 'c'))
    session.upstream.send(closeFrame('upstream', 4002, 'u'))
    const [client, upstream] = await ended(session)
    expect([client, upstream]).toEqual([
      ['close 4002 u', 'fin'],
      ['close 4001 c', 'fin'],
    ])
    expect((await record(session)).error).toBeUndefined()
  })

  test('the answer may have another code', async () => {
    const session = await gateway.open()
    session.client.send(closeFrame('client', 1000, 'done'))
    await session.upstream.take(closeFrame('client', 1000, 'done').length)
    session.upstream.send(closeFrame('upstream', 4242, 'fine'))
    session.upstream.end()
    expect(await livePeer(session.client, 'client')).toEqual(['close 4242 fine', 'fin'])
    expect(await record(session)).toMatchObject({ closedBy: 'client', code: 1000, reason: 'done' })
  })

  test('the other side finishes its frame and its message before it answers', async () => {
    const session = await gateway.open()
    session.upstream.send(half.upstream)
    session.client.send(closeFrame('client', 1000))
    await session.upstream.take(closeFrame('client', 1000).length)
    session.upstream.send(bytes('6364 8101 62'))
    session.upstream.send(closeFrame('upstream', 1000))
    session.upstream.end()
    expect(await livePeer(session.client, 'client')).toEqual([
      'text abcd',
      'text b',
      'close 1000',
      'fin',
    ])
    expect((await session.closed())['sent']).toEqual({ messages: 2, bytes: 5 })
  })

  test.each(['client', 'upstream'] as const)(
    'a Close of the %s with a FIN right behind it',
    async (from) => {
      const session = await gateway.open()
      session[from].send(closeFrame(from, 4000, 'x'))
      session[from].end()
      const [client, upstream] = await ended(session)
      expect(from === 'client' ? upstream : client).toEqual(['close 4000 x', 'fin'])
      expect(await record(session)).toEqual({
        closedBy: from,
        code: 4000,
        reason: 'x',
        error: undefined,
      })
    },
  )

  test.each(['client', 'upstream'] as const)(
    'a reset of the %s behind its own Close: the other has the Close’s code',
    async (from) => {
      const session = await gateway.open()
      const to = from === 'client' ? 'upstream' : 'client'
      session[from].send(closeFrame(from, 4000, 'x'))
      const passed = closeFrame(from, 4000, 'x')
      expect(await session[to].take(passed.length)).toEqual(passed)
      session[from].reset()
      session[to].send(closeFrame(to, 1000))
      session[to].end()
      expect((await session[to].closed()).toString('hex')).toBe('')
      expect(await record(session)).toEqual({
        closedBy: from,
        code: 4000,
        reason: 'x',
        error: undefined,
      })
    },
  )

  test.each(['client', 'upstream'] as const)(
    'a reset of the %s after a finished close handshake is nothing',
    async (resets) => {
      const session = await gateway.open()
      const close = closeFrame('client', 1000)
      session.client.send(close)
      await session.upstream.take(close.length)
      session.upstream.send(closeFrame('upstream', 1000))
      await session.client.take(closeFrame('upstream', 1000).length)
      session[resets].reset()
      const stays = session[resets === 'client' ? 'upstream' : 'client']
      stays.end()
      await stays.closed()
      expect(await record(session)).toEqual({
        closedBy: 'client',
        code: 1000,
        reason: '',
        error: undefined,
      })
    },
  )

  test('an upstream that never answers: the client’s Close is answered when the time is over', async () => {
    const session = await gateway.open()
    session.client.send(closeFrame('client', 4001, 'bye'))
    expect(await livePeer(session.client, 'client')).toEqual(['close 4001 bye', 'fin'])
    expect(await record(session)).toMatchObject({
      closedBy: 'client',
      code: 4001,
      error: undefined,
      expired: true,
    })
    await session.upstream.closed()
  })

  test('a client that never answers: the session ends when the time is over', async () => {
    const session = await gateway.open()
    session.upstream.send(closeFrame('upstream', 4001, 'bye'))
    expect(await livePeer(session.upstream, 'upstream')).toEqual(['close 4001 bye', 'fin'])
    expect(await record(session)).toMatchObject({
      closedBy: 'upstream',
      code: 4001,
      expired: true,
    })
    await session.client.closed()
  })

  test('an upstream that goes on sending without end is cut when the time is over', async () => {
    const session = await gateway.open()
    session.client.send(closeFrame('client', 1000))
    const { socket } = session.upstream
    const flood = Buffer.concat(Array.from({ length: 1000 }, () => text.upstream))
    const write = (): void => {
      socket.write(flood, () => void (socket.destroyed || setImmediate(write)))
    }
    write()
    const line = await session.closed()
    expect(line).toMatchObject({ closedBy: 'client', code: 1000, expired: true })
    socket.destroy()
    session.client.end()
  })
})

describe('client-lost', () => {
  test('a FIN between frames: the upstream gets 1001', async () => {
    const session = await gateway.open()
    session.client.send(text.client)
    session.client.end()
    expect(await ended(session)).toEqual([['fin'], ['text a', 'close 1001 client-lost', 'fin']])
    expect(await record(session)).toEqual(lostBy('client', 1006))
  })

  test('a reset between frames: the upstream gets 1001', async () => {
    const session = await gateway.open()
    session.client.send(text.client)
    await session.upstream.take(text.client.length)
    session.client.reset()
    expect(await livePeer(session.upstream, 'upstream')).toEqual(['close 1001 client-lost', 'fin'])
    expect(await record(session)).toEqual(lostBy('client', 1006))
  })

  test('a FIN inside a frame: the upstream gets what came, and is cut', async () => {
    const session = await gateway.open()
    session.client.send(half.client)
    session.client.end()
    expect(await session.upstream.closed()).toEqual(half.client)
    expect(session.upstream.wasReset).toBe(false)
    session.upstream.end()
    expect(await record(session)).toEqual(lostBy('client', 1006))
  })

  test('a reset inside a frame: the upstream gets what came, and is cut', async () => {
    const session = await gateway.open()
    session.client.send(half.client)
    await session.upstream.take(half.client.length)
    session.client.reset()
    expect(await session.upstream.closed()).toHaveLength(0)
    session.upstream.end()
    expect(await record(session)).toEqual(lostBy('client', 1006))
  })

  test('while the upstream is inside a frame: it still gets its Close', async () => {
    const session = await gateway.open()
    session.upstream.send(half.upstream)
    await session.client.take(half.upstream.length)
    session.client.reset()
    expect(await livePeer(session.upstream, 'upstream')).toEqual(['close 1001 client-lost', 'fin'])
    expect(await record(session)).toEqual(lostBy('client', 1006))
  })
})

describe('upstream-lost', () => {
  test('a FIN at a frame boundary: the client gets 1011', async () => {
    const session = await gateway.open()
    session.upstream.send(text.upstream)
    session.upstream.end()
    expect((await ended(session))[0]).toEqual(['text a', 'close 1011 upstream-lost', 'fin'])
    expect(await record(session)).toEqual(lostBy('upstream', 1011))
  })

  test('a reset at a frame boundary: the client gets 1011', async () => {
    const session = await gateway.open()
    session.upstream.reset()
    expect(await livePeer(session.client, 'client')).toEqual(['close 1011 upstream-lost', 'fin'])
    expect(await record(session)).toEqual(lostBy('upstream', 1011))
  })

  test('between two fragments is a frame boundary too', async () => {
    const session = await gateway.open()
    session.upstream.send(bytes('0101 61'))
    session.upstream.end()
    expect((await ended(session))[0]).toEqual(['text a', 'close 1011 upstream-lost', 'fin'])
  })

  test('a header that is not complete is no frame yet', async () => {
    const session = await gateway.open()
    session.upstream.send(bytes('817e'))
    await turn()
    session.upstream.end()
    expect((await ended(session))[0]).toEqual(['close 1011 upstream-lost', 'fin'])
  })

  test.each(['end', 'reset'] as const)(
    'an %s inside a frame: what came is flushed, then FIN without a Close',
    async (how) => {
      const session = await gateway.open()
      session.upstream.send(half.upstream)
      expect(await session.client.take(half.upstream.length)).toEqual(half.upstream)
      session.upstream[how]()
      expect(await livePeer(session.client, 'client')).toEqual(['fin'])
      expect(await record(session)).toEqual({ ...lostBy('upstream', 1011), code: 1006, reason: '' })
    },
  )

  test('a megabyte right before the end arrives whole', async () => {
    const session = await gateway.open()
    const message = Buffer.concat([bytes('827f 0000000000100000'), Buffer.alloc(1 << 20, 7)])
    session.upstream.send(message)
    session.upstream.end()
    expect((await session.client.take(message.length)).equals(message)).toBe(true)
    expect(await livePeer(session.client, 'client')).toEqual(['close 1011 upstream-lost', 'fin'])
  })
})

test('a Close that the gateway sends waits for the end of the frame that is being forwarded', async () => {
  const session = await gateway.open()
  session.upstream.send(half.upstream)
  await session.client.take(half.upstream.length)
  session.client.send(bytes('8101 61')) // Not masked.
  await expectClose(session.upstream, 'upstream', 1001, 'frame-invalid')
  expect(session.client.received).toHaveLength(0)
  session.upstream.send(bytes('6364 8101 65'))
  expect(await session.client.take(2)).toEqual(bytes('6364'))
  await expectClose(session.client, 'client', 1002, 'frame-invalid')
  session.upstream.end()
  session.client.end()
  expect(await record(session)).toMatchObject({ code: 1002, error: 'frame-invalid' })
})

test('where that frame never ends, the connection is cut without a Close', async () => {
  const session = await gateway.open()
  session.upstream.send(half.upstream)
  await session.client.take(half.upstream.length)
  session.client.send(bytes('8101 61'))
  expect(await session.client.closed()).toHaveLength(0)
  session.client.end()
  session.upstream.end()
  expect(await record(session)).toMatchObject({ code: 1006, error: 'frame-invalid' })
})

test('a gateway that is destroyed leaves no socket open', async () => {
  const other = await RawGateway.relay()
  const session = await other.open()
  const closed = once(session.client.socket, 'close')
  other.stop()
  session.client.end()
  await closed
  expect((await session.closed())['code']).toBe(1006)
})

/** What both sides get until both connections have ended, each answering what it should. */
async function ended({ client, upstream }: RawSession): Promise<[string[], string[]]> {
  return await Promise.all([livePeer(client, 'client'), livePeer(upstream, 'upstream')])
}

async function record(session: RawSession): Promise<Record<string, unknown>> {
  const { closedBy, code, reason, error, expired } = await session.closed()
  return { closedBy, code, reason, error, expired }
}

function lostBy(side: 'client' | 'upstream', code: number): Record<string, unknown> {
  const error = `${side}-lost`
  return { closedBy: side, code, reason: code === 1006 ? '' : error, error }
}
