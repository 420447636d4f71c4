import { createHash } from 'node:crypto'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { Opcode } from '../../src/websocket/opcode.ts'
import { clientFrame, frame, readFrames } from '../support/frames.ts'
import { describeFrame, livePeer } from '../support/live-peer.ts'
import { bytes } from '../support/raw-client.ts'
import type { RawClient } from '../support/raw-client.ts'
import { RawGateway, takeFrame } from '../support/raw-session.ts'
import type { RawSession } from '../support/raw-session.ts'

let gateway: RawGateway
beforeAll(async () => {
  gateway = await RawGateway.relay({
    timeouts: { closing: '3s' },
    limits: { message: 'none', controlFrameRate: 'none' },
    routes: [
      route('idle', { idle: '400ms' }),
      route('lifetime', { idle: '300ms', lifetime: '1s' }),
      route('ping', { ping: '100ms', pong: '300ms' }),
      route('patient', { ping: '100ms', pong: 'none' }),
      route('slow', { ping: '100ms', pong: '2s' }),
      route('stall', { stall: '600ms' }),
    ],
  })
})
afterAll(() => gateway.stop())

function route(name: string, timeouts: Record<string, string>): Record<string, unknown> {
  return { name, match: { path: `/${name}/*` }, proxy: 'app', timeouts }
}

const whole = { client: clientFrame({ payload: 'x' }), upstream: frame({ payload: 'x' }) }

test.concurrent('idle: both get 1001', async () => {
  const session = await gateway.open({ route: '/idle' })
  expect(await ended(session)).toEqual([
    ['close 1001 idle', 'fin'],
    ['close 1001 idle', 'fin'],
  ])
  expect(await record(session)).toEqual(gatewayEnded(1001, 'idle'))
})

test.concurrent('idle: pings and pongs do not count', async () => {
  const session = await gateway.open({ route: '/idle' })
  const seen: string[] = []
  const client = (async () => {
    for (;;) {
      session.client.send(clientFrame({ opcode: Opcode.ping }))
      const got = describeFrame(await takeFrame(session.client))
      if (got !== 'pong 0') return got
      seen.push(got)
    }
  })()
  void livePeer(session.upstream, 'upstream')
  expect(await client).toBe('close 1001 idle')
  expect(seen.length).toBeGreaterThan(0)
  session.client.end()
  expect(await record(session)).toEqual(gatewayEnded(1001, 'idle'))
})

test.concurrent('lifetime: both get 1001, though frames pass all the time', async () => {
  const session = await gateway.open({ route: '/lifetime' })
  const client = echoUntilClose(session.client, whole.client)
  const upstream = echoUntilClose(session.upstream, whole.upstream)
  session.client.send(whole.client)
  expect(await Promise.all([client, upstream])).toEqual([
    'close 1001 lifetime',
    'close 1001 lifetime',
  ])
  session.client.end()
  session.upstream.end()
  expect(await record(session)).toEqual(gatewayEnded(1001, 'lifetime'))
})

test.concurrent('idle: single bytes of one long frame keep a session alive', async () => {
  const session = await gateway.open({ route: '/lifetime' })
  session.client.send(bytes('82ff 0000000010000000 00000000'))
  await session.upstream.take(14)
  while (!session.upstream.ended) {
    session.client.send('x')
    await Promise.race([session.upstream.take(1).catch(() => undefined), session.closed()])
  }
  session.upstream.end()
  session.client.end()
  expect(await record(session)).toMatchObject({ error: 'lifetime' })
})

test.concurrent('client-silent: the client gets a Ping and 1001, the upstream 1001', async () => {
  const session = await gateway.open({ route: '/ping' })
  const upstream = livePeer(session.upstream, 'upstream')
  expect(describeFrame(await takeFrame(session.client))).toBe('ping 8')
  expect(describeFrame(await takeFrame(session.client))).toBe('close 1001 client-silent')
  session.client.end()
  const seen = await upstream
  expect(seen.slice(-2)).toEqual(['close 1001 client-silent', 'fin'])
  expect(new Set(seen.slice(0, -2))).toEqual(new Set(['ping 8']))
  expect(await record(session)).toEqual(gatewayEnded(1001, 'client-silent'))
})

test.concurrent('upstream-silent: the client gets 1011, the upstream a masked Ping and 1001', async () => {
  const session = await gateway.open({ route: '/ping' })
  const client = livePeer(session.client, 'client')
  const ping = await takeFrame(session.upstream)
  expect([describeFrame(ping), ping.masked]).toEqual(['ping 8', true])
  expect(describeFrame(await takeFrame(session.upstream))).toBe('close 1001 upstream-silent')
  session.upstream.end()
  const seen = await client
  expect(seen.slice(-2)).toEqual(['close 1011 upstream-silent', 'fin'])
  expect(new Set(seen.slice(0, -2))).toEqual(new Set(['ping 8']))
  expect(await record(session)).toEqual(gatewayEnded(1011, 'upstream-silent'))
})

test.concurrent('any byte is life: a peer that answers no Ping but sends is not silent', async () => {
  const session = await gateway.open({ route: '/ping' })
  const upstream = livePeer(session.upstream, 'upstream')
  for (let pings = 0; pings < 3; pings++) {
    expect(describeFrame(await takeFrame(session.client))).toBe('ping 8')
    session.client.send(whole.client)
  }
  session.client.end()
  const seen = await upstream
  expect(seen.filter((frame) => frame === 'binary x')).toHaveLength(3)
  expect(await record(session)).toMatchObject({ error: 'client-lost' })
})

test.concurrent('the pongs to our Pings are swallowed, all other Pings and Pongs pass', async () => {
  const session = await gateway.open({ route: '/patient' })
  const { client, upstream } = session
  const ours = await takeFrame(client)
  const theirs = await takeFrame(upstream)
  expect(ours.payload).not.toEqual(theirs.payload)
  client.send(clientFrame({ opcode: Opcode.pong, payload: 'unasked!' }))
  client.send(clientFrame({ opcode: Opcode.pong, payload: ours.payload }))
  client.send(clientFrame({ opcode: Opcode.pong, payload: theirs.payload }))
  client.send(clientFrame({ opcode: Opcode.ping, payload: ours.payload }))
  client.send(whole.client)
  const seen = []
  for (const _ of 'four') seen.push(await takeFrame(upstream))
  expect(seen.map((got) => [describeFrame(got), got.payload.toString('hex')])).toEqual([
    ['pong 8', Buffer.from('unasked!').toString('hex')],
    ['pong 8', theirs.payload.toString('hex')],
    ['ping 8', ours.payload.toString('hex')],
    ['binary x', '78'],
  ])
  upstream.send(frame({ opcode: Opcode.pong, payload: theirs.payload }))
  upstream.send(frame({ opcode: Opcode.pong, payload: '' }))
  upstream.send(frame({ opcode: Opcode.ping, payload: 'theirs' }))
  expect(describeFrame(await takeFrame(client))).toBe('pong 0')
  expect(describeFrame(await takeFrame(client))).toBe('ping 6')
  client.end()
  upstream.end()
  await session.closed()
})

test.concurrent('a Ping of ours is never put inside a frame', async () => {
  const session = await gateway.open({ route: '/patient' })
  const first = await takeFrame(session.client)
  expect(first.opcode).toBe(Opcode.ping)
  session.upstream.send(bytes('8203 61'))
  expect(await session.client.take(3)).toEqual(bytes('8203 61'))
  session.client.send(clientFrame({ opcode: Opcode.pong, payload: first.payload }))
  // Three Pings of another session show that the time has passed.
  const clock = await gateway.open({ route: '/patient' })
  for (let pings = 0; pings < 3; pings++) {
    const { payload } = await takeFrame(clock.client)
    clock.client.send(clientFrame({ opcode: Opcode.pong, payload }))
  }
  expect(session.client.received).toHaveLength(0)
  session.upstream.send(bytes('6263'))
  expect(await session.client.take(2)).toEqual(bytes('6263'))
  expect(describeFrame(await takeFrame(session.client))).toBe('ping 8')
  for (const { client, upstream } of [session, clock]) {
    client.end()
    upstream.end()
  }
  await Promise.all([session.closed(), clock.closed()])
})

test('client-stalled: it is cut, the upstream gets 1001', async () => {
  const session = await gateway.open({ route: '/stall' })
  session.client.socket.pause()
  session.upstream.send(largeMessage('upstream'))
  expect(await livePeer(session.upstream, 'upstream')).toEqual(['close 1001 client-stalled', 'fin'])
  expect(await record(session)).toEqual({ ...gatewayEnded(1006, 'client-stalled'), reason: '' })
  session.client.destroy()
})

test('upstream-stalled: it is cut, the client gets 1011', async () => {
  const session = await gateway.open({ route: '/stall' })
  session.upstream.socket.pause()
  session.client.send(largeMessage('client'))
  expect(await livePeer(session.client, 'client')).toEqual(['close 1011 upstream-stalled', 'fin'])
  expect(await record(session)).toEqual(gatewayEnded(1011, 'upstream-stalled'))
  session.upstream.destroy()
})

test('a reader that is slow is not stalled: it takes a little at a time and gets everything', async () => {
  const session = await gateway.open({ route: '/stall' })
  const message = largeMessage('upstream')
  const { socket } = session.client
  socket.removeAllListeners('data')
  const hash = createHash('sha256')
  let taken = 0
  let allowed = 0
  const done = Promise.withResolvers<void>()
  socket.on('data', (chunk: Buffer) => {
    hash.update(chunk)
    taken += chunk.length
    if (taken >= message.length) done.resolve()
    else if (taken >= allowed) socket.pause()
  })
  // In all three times as long as `stall`.
  const timer = setInterval(() => {
    allowed += message.length / 90
    socket.resume()
  }, 20)
  session.upstream.send(message)
  await done.promise
  clearInterval(timer)
  expect(hash.digest('hex')).toBe(createHash('sha256').update(message).digest('hex'))
  session.client.end()
  session.upstream.end()
  expect(await record(session)).toMatchObject({ error: 'client-lost' })
})

test('a slow reader is not silent while it takes what is before our Ping', async () => {
  const session = await gateway.open({ route: '/slow' })
  const upstream = livePeer(session.upstream, 'upstream')
  // Taken in twice the time of `pong`; what the kernel holds, whose progress nobody can see, in a quarter of it.
  const count = 512
  const message = frame({ payload: Buffer.alloc(64 << 10, 'slow') })
  const { socket } = session.client
  socket.removeAllListeners('data')
  const chunks: Buffer[] = []
  let taken = 0
  let allowed = 0
  const done = Promise.withResolvers<void>()
  socket.on('data', (chunk: Buffer) => {
    chunks.push(chunk)
    taken += chunk.length
    if (taken >= count * message.length) done.resolve()
    else if (taken >= allowed) socket.pause()
  })
  socket.once('end', done.resolve)
  const timer = setInterval(() => {
    allowed += (count * message.length) / 200
    socket.resume()
  }, 20)
  session.upstream.send(Buffer.concat(Array.from({ length: count }, () => message)))
  await done.promise
  clearInterval(timer)
  const seen = readFrames(Buffer.concat(chunks)).frames.map(({ opcode }) => opcode)
  expect(seen.filter((opcode) => opcode === Opcode.binary).length).toBeGreaterThan(count - 2)
  expect(seen).not.toContain(Opcode.close)
  session.client.end()
  await upstream
  expect(await record(session)).toMatchObject({ error: 'client-lost' })
})

/** More than any kernel holds for a connection. */
function largeMessage(from: 'client' | 'upstream'): Buffer {
  const head = from === 'client' ? '82ff 0000000001000000 00000000' : '827f 0000000001000000'
  return Buffer.concat([bytes(head), Buffer.alloc(1 << 24, from)])
}

/** Answers every frame with `answer`. @returns the Close that ends it */
async function echoUntilClose(end: RawClient, answer: Buffer): Promise<string> {
  for (;;) {
    const got = await takeFrame(end)
    if (got.opcode === Opcode.close) return describeFrame(got)
    end.send(answer)
  }
}

async function ended({ client, upstream }: RawSession): Promise<[string[], string[]]> {
  return await Promise.all([livePeer(client, 'client'), livePeer(upstream, 'upstream')])
}

async function record(session: RawSession): Promise<Record<string, unknown>> {
  const { closedBy, code, reason, error } = await session.closed()
  return { closedBy, code, reason, error }
}

function gatewayEnded(code: number, error: string): Record<string, unknown> {
  return { closedBy: 'gateway', code, reason: error, error }
}
