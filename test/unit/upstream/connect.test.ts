import { once } from 'node:events'
import { createServer as createUnixServer } from 'node:net'
import type { Socket } from 'node:net'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { DnsServer } from '../../support/dns-server.ts'
import { ownResolver } from '../../support/own-resolver.ts'
import { rawServer } from '../../support/peers.ts'
import type { Peer } from '../../support/peers.ts'
import { anyone, calm, untilNoSockets, upstreamOf } from './upstreams.ts'

/** Knows no name at all. */
let dns: DnsServer
beforeAll(async () => {
  dns = await DnsServer.start()
})
afterAll(() => dns.stop())

const closing: (() => void)[] = []
afterEach(() => {
  for (const close of closing.splice(0)) close()
})

async function server(handle: (socket: Socket) => void = () => undefined): Promise<Peer> {
  const peer = await rawServer(handle)
  closing.push(() => peer.close())
  return peer
}

test.each(['127.0.0.1', 'localhost'])('connects to %s, ready and silent', async (host) => {
  const { port } = await server((socket) => socket.write('hello'))
  const { socket, server: name } = await upstreamOf([`tcp://${host}:${port}`]).dialTcp(anyone, calm)
  expect(name).toBe(`tcp://${host}:${port}`)
  expect(socket.readableFlowing).toBe(null)
  expect(['connect', 'close'].map((event) => socket.listenerCount(event))).toEqual([0, 0])
  const [chunk] = (await once(socket, 'data')) as [Buffer]
  expect(chunk.toString()).toBe('hello')
  socket.destroy()
})

test('half-closes', async () => {
  const { port } = await server((socket) => socket.on('end', () => socket.end('bye')).resume())
  const { socket } = await upstreamOf([`tcp://127.0.0.1:${port}`]).dialTcp(anyone, calm)
  socket.end()
  expect(await text(socket)).toBe('bye')
})

test('connects to a unix socket', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'unix-'))
  const path = join(folder, 's')
  const unix = createUnixServer((socket) => socket.end('hello'))
  unix.listen(path)
  await once(unix, 'listening')
  const { socket } = await upstreamOf([`unix:${path}`]).dialTcp(anyone, calm)
  expect(await text(socket)).toBe('hello')
  socket.destroy()
  unix.close()
  await rm(folder, { recursive: true })
})

test.each([
  ['a closed port', 'tcp://127.0.0.1:1', 'upstream-unreachable'],
  ['a closed port of a name', 'tcp://localhost:1', 'upstream-unreachable'],
  ['a unix socket that is not there', 'unix:/nowhere/socket', 'upstream-unreachable'],
  ['a name that does not exist', 'tcp://nowhere.invalid:1', 'upstream-unresolved'],
])('%s', async (_, url, token) => {
  const pool = upstreamOf([url], {}, ownResolver(dns))
  await expect(pool.dialTcp(anyone, calm)).rejects.toMatchObject({ token })
})

test('a server that does not speak TLS is upstream-tls', async () => {
  const peer = await server((socket) => socket.end('SSH-2.0\r\n'))
  const pool = upstreamOf([`tls://127.0.0.1:${peer.port}`])
  await expect(pool.dialTcp(anyone, calm)).rejects.toMatchObject({ token: 'upstream-tls' })
})

test('a server that resets the TLS handshake is upstream-tls', async () => {
  const peer = await server((socket) => socket.once('data', () => socket.resetAndDestroy()))
  const pool = upstreamOf([`tls://127.0.0.1:${peer.port}`])
  await expect(pool.dialTcp(anyone, calm)).rejects.toMatchObject({ token: 'upstream-tls' })
})

test('one clock covers the TLS handshake too', async () => {
  const peer = await server()
  const pool = upstreamOf([`tls://localhost:${peer.port}`], { connect: 50 })
  await expect(pool.dialTcp(anyone, calm)).rejects.toMatchObject({ token: 'upstream-timeout' })
  await untilNoSockets(peer)
})

test('an abort ends a TLS handshake at once, with its own reason', async () => {
  const controller = new AbortController()
  const reason = new Error('gone')
  const peer = await server((socket) => socket.once('data', () => controller.abort(reason)))
  const pool = upstreamOf([`tls://127.0.0.1:${peer.port}`])
  await expect(pool.dialTcp(anyone, controller.signal)).rejects.toBe(reason)
  await untilNoSockets(peer)
})

test('a signal that was aborted before dials nothing', async () => {
  const peer = await server()
  const pool = upstreamOf([`tcp://127.0.0.1:${peer.port}`])
  await expect(pool.dialTcp(anyone, AbortSignal.abort('gone'))).rejects.toBe('gone')
  expect(peer.sockets.size).toBe(0)
})

test('a reset while nobody listens ends nothing but the socket', async () => {
  const peer = await server()
  const { socket } = await upstreamOf([`tcp://127.0.0.1:${peer.port}`]).dialTcp(anyone, calm)
  socket.resume()
  const [other] = peer.sockets
  other!.resetAndDestroy()
  await new Promise((resolve) => socket.once('close', resolve))
  expect(socket.destroyed).toBe(true)
})
