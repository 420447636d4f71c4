import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { closeFrame } from '../support/frame-run.ts'
import { clientFrame, frame } from '../support/frames.ts'
import { livePeer } from '../support/live-peer.ts'
import { bytes } from '../support/raw-client.ts'
import { RawGateway } from '../support/raw-session.ts'
import type { RawSession } from '../support/raw-session.ts'
import { tlsFiles } from '../support/tls-files.ts'
import type { TlsFiles } from '../support/tls-files.ts'

/**
 * What is particular about ends where both legs are TLS: close_notify, a FIN without one, and
 * resets that TLS has none of.
 */
let files: TlsFiles
let gateway: RawGateway
let bridge: RawGateway
beforeAll(async () => {
  files = await tlsFiles()
  const timeouts = { closing: '3s', stall: '600ms' }
  const limits = { message: 'none' }
  gateway = await RawGateway.relay({ timeouts, limits }, { tls: files })
  bridge = await RawGateway.bridge({ timeouts }, { tls: files })
})
afterAll(() => {
  gateway.stop()
  bridge.stop()
  files.remove()
})

const half = { client: bytes('8284 00000000 6162'), upstream: bytes('8204 6162') }
const mebibyte = Buffer.alloc(1 << 20, 'tls')

test.each(['client', 'upstream'] as const)('a close of the %s in good order', async (from) => {
  const session = await gateway.open()
  session[from].send(closeFrame(from, 4000, 'x'))
  const seen = await ended(session)
  expect(seen[from === 'client' ? 1 : 0]).toEqual(['close 4000 x', 'fin'])
  expect(await session.closed()).toMatchObject({ closedBy: from, code: 4000, reason: 'x' })
})

describe.each(['client', 'upstream'] as const)('%s-lost', (from) => {
  const to = from === 'client' ? 'upstream' : 'client'
  const told = from === 'client' ? 'close 1001 client-lost' : 'close 1011 upstream-lost'

  test('by close_notify and FIN', async () => {
    const session = await gateway.open()
    session[from].end()
    expect(await livePeer(session[to], to)).toEqual([told, 'fin'])
    expect(await session.closed()).toMatchObject({ closedBy: from, error: `${from}-lost` })
  })

  test('by a FIN alone, which an attacker could send', async () => {
    const session = await gateway.open()
    session[from].socket.destroy()
    expect(await livePeer(session[to], to)).toEqual([told, 'fin'])
    expect(await session.closed()).toMatchObject({ closedBy: from, error: `${from}-lost` })
  })

  test('inside a frame: what came is flushed, the end has no Close', async () => {
    const session = await gateway.open()
    session[from].send(half[from])
    await session[to].take(half[from].length)
    session[from].socket.destroy()
    expect(await session[to].closed()).toHaveLength(0)
    session[to].end()
    expect(await session.closed()).toMatchObject({ closedBy: from, error: `${from}-lost` })
  })

  test('a megabyte right before it arrives whole', async () => {
    const session = await gateway.open()
    const whole = frame({ payload: mebibyte, masked: from === 'client' })
    session[from].send(whole)
    session[from].end()
    expect((await session[to].take(whole.length)).equals(whole)).toBe(true)
    expect(await livePeer(session[to], to)).toEqual([told, 'fin'])
    await session.closed()
  })
})

test.each(['client', 'upstream'] as const)('%s-stalled', async (who) => {
  const session = await gateway.open()
  const other = who === 'client' ? 'upstream' : 'client'
  session[who].socket.pause()
  const masked = other === 'client'
  session[other].send(frame({ payload: Buffer.alloc(1 << 24), masked }))
  const code = other === 'client' ? 1011 : 1001
  expect(await livePeer(session[other], other)).toEqual([`close ${code} ${who}-stalled`, 'fin'])
  expect(await session.closed()).toMatchObject({ closedBy: 'gateway', error: `${who}-stalled` })
  session[who].destroy()
})

describe('a bridge to a TLS backend', () => {
  test('1 MiB and the backend’s end: every byte, then 1000', async () => {
    const session = await bridge.open()
    session.upstream.send(mebibyte)
    session.upstream.end()
    const seen = await livePeer(session.client, 'client')
    expect(seen.slice(-2)).toEqual(['close 1000', 'fin'])
    const payload = seen.slice(0, -2).map((text) => text.slice('binary '.length))
    expect(payload.join('')).toBe(mebibyte.toString())
  })

  test('1 MiB and the client’s Close: every byte, then close_notify', async () => {
    const session = await bridge.open()
    session.client.send(clientFrame({ payload: mebibyte }))
    session.client.send(closeFrame('client', 1000))
    expect((await session.upstream.closed()).equals(mebibyte)).toBe(true)
    expect(session.upstream.wasReset).toBe(false)
    session.upstream.end()
    expect(await livePeer(session.client, 'client')).toEqual(['close 1000', 'fin'])
    expect(await session.closed()).toMatchObject({ closedBy: 'client', code: 1000 })
  })

  test('a client that vanishes: the backend’s connection ends at once', async () => {
    const session = await bridge.open()
    session.client.socket.destroy()
    await session.upstream.closed()
    session.upstream.end()
    expect(await session.closed()).toMatchObject({ closedBy: 'client', error: 'client-lost' })
  })
})

async function ended({ client, upstream }: RawSession): Promise<[string[], string[]]> {
  return await Promise.all([livePeer(client, 'client'), livePeer(upstream, 'upstream')])
}
