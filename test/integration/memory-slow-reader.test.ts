import { once } from 'node:events'
import { connect, createServer } from 'node:net'
import type { AddressInfo, Server, Socket } from 'node:net'
import { connect as connectTls } from 'node:tls'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { acceptKey } from '../../src/websocket/accept-key.ts'
import { ChildGateway } from '../support/child-gateway.ts'
import { BlockReader, PayloadReader, writeBlocks } from '../support/numbered-blocks.ts'
import type { BlockShape } from '../support/numbered-blocks.ts'
import { bytes, sampleKey, upgradeHead } from '../support/raw-client.ts'
import { tlsFiles } from '../support/tls-files.ts'
import type { TlsFiles } from '../support/tls-files.ts'

const mebibyte = 1 << 20
const gibibyte = 1 << 30
const allowedExtra = 150 * mebibyte

const shapes = {
  /** A frame of 1 MiB; the client's is masked with zeros, which is a key like any other. */
  fromClient: { header: bytes('82ff 0000000000100000 00000000'), payloadBytes: mebibyte },
  fromUpstream: { header: bytes('827f 0000000000100000'), payloadBytes: mebibyte },
  raw: { header: Buffer.alloc(0), payloadBytes: mebibyte },
} as const satisfies Record<string, BlockShape>

let files: TlsFiles
let server: Server
let gateway: ChildGateway
let accepted: (socket: Socket) => void = () => undefined

beforeAll(async () => {
  files = await tlsFiles()
  server = createServer({ allowHalfOpen: true }, (socket) => {
    socket.on('error', () => undefined)
    accepted(socket)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const at = `127.0.0.1:${(server.address() as AddressInfo).port}`
  gateway = await ChildGateway.start({
    listeners: {
      plain: { bind: '127.0.0.1:0' },
      tls: { bind: '127.0.0.1:0', tls: { certificates: files.certificates } },
    },
    upstreams: { app: { servers: [`http://${at}`] }, backend: { servers: [`tcp://${at}`] } },
    limits: { message: 'none' },
    routes: [
      { name: 'relay', match: { path: '/relay' }, proxy: 'app' },
      { name: 'bridge', match: { path: '/bridge' }, bridge: 'backend' },
    ],
  })
})
afterAll(async () => {
  expect(await gateway.stop()).toBe(0)
  server.close()
  files.remove()
})

const cases = [
  { kind: 'relay', to: 'client', listener: 'plain', size: gibibyte },
  { kind: 'relay', to: 'upstream', listener: 'plain', size: gibibyte / 4 },
  { kind: 'bridge', to: 'client', listener: 'plain', size: gibibyte / 4 },
  { kind: 'bridge', to: 'upstream', listener: 'plain', size: gibibyte / 4 },
  { kind: 'relay', to: 'client', listener: 'tls', size: gibibyte / 8 },
  { kind: 'relay', to: 'upstream', listener: 'tls', size: gibibyte / 8 },
] as const

describe('memory stays bounded, and every byte is in its place when the reader goes on', () => {
  const title = '$size bytes over a $kind to a stopped $to, clients on a $listener listener'
  test.each(cases)(title, { timeout: 60_000 }, async (row) => {
    const { client, upstream } = await open(row.kind, row.listener)
    const [sender, receiver] = row.to === 'client' ? [upstream, client] : [client, upstream]
    const before = gateway.memory().now
    const sent = row.to === 'upstream' ? shapes.fromClient : shapes.fromUpstream
    const written = row.kind === 'bridge' && row.to === 'client' ? shapes.raw : sent
    const arrives = row.kind === 'bridge' ? shapes.raw : sent
    const reader = new BlockReader(arrives)
    const payloads = new PayloadReader((piece, from, to) => reader.take(piece, from, to))
    const framed = row.kind === 'bridge' && row.to === 'client'
    const total = (row.size / mebibyte) * (arrives.header.length + arrives.payloadBytes)

    receiver.pause()
    let progress = 0
    const writing = writeBlocks(sender, written, row.size / mebibyte, () => progress++)
    await stuck(() => progress)
    expect(progress).toBeLessThan(row.size / mebibyte)

    const arrived = new Promise<void>((resolve, reject) => {
      // Twenty more stops, each until the sender stands still for a moment.
      let nextStop = total / 21
      receiver.on('data', (chunk: Buffer) => {
        try {
          if (framed) payloads.take(chunk)
          else reader.take(chunk)
        } catch (error) {
          reject(error)
          return
        }
        if (reader.taken >= total) resolve()
        else if (reader.taken >= nextStop) {
          nextStop += total / 21
          receiver.pause()
          setTimeout(() => receiver.resume(), 10)
        }
      })
      receiver.on('close', () => reject(new Error(`the end after ${reader.taken}`)))
    })
    receiver.resume()
    await Promise.all([arrived, writing])
    expect(reader.taken).toBe(total)
    expect(gateway.memory().peak - before).toBeLessThan(allowedExtra)
    client.destroy()
    upstream.destroy()
  })

  test('twenty-five stopped readers at once', { timeout: 60_000 }, async () => {
    const before = gateway.memory().now
    const size = 12
    const sessions = []
    for (let i = 0; i < 25; i++) sessions.push(await open('relay', 'plain'))
    let progress = 0
    const writing = sessions.map(async ({ upstream, client }) => {
      client.pause()
      await writeBlocks(upstream, shapes.fromUpstream, size, () => progress++)
    })
    await stuck(() => progress)
    expect(progress).toBeLessThan(size * sessions.length)
    await Promise.all(
      sessions.map(async ({ client }) => {
        const reader = new BlockReader(shapes.fromUpstream)
        const total = size * (mebibyte + shapes.fromUpstream.header.length)
        client.resume()
        for await (const chunk of client) {
          reader.take(chunk as Buffer)
          if (reader.taken === total) break
        }
        expect(reader.taken).toBe(total)
      }),
    )
    await Promise.all(writing)
    expect(gateway.memory().peak - before).toBeLessThan(allowedExtra)
    for (const { upstream } of sessions) upstream.destroy()
  })
})

/** Resolves when the figure has stood still for a while: that nothing more goes, no event tells. */
async function stuck(figure: () => number): Promise<void> {
  let last = -1
  for (let still = 0; still < 10; still++) {
    await new Promise((resolve) => setTimeout(resolve, 20))
    if (figure() !== last) still = 0
    last = figure()
  }
}

/** Opens a session; what is behind the two heads is unread. */
async function open(
  kind: 'relay' | 'bridge',
  listener: 'plain' | 'tls',
): Promise<{ client: Socket; upstream: Socket }> {
  const dialed = new Promise<Socket>((resolve) => {
    accepted = resolve
  })
  const at = { port: gateway.port(listener), host: '127.0.0.1' }
  const client =
    listener === 'tls' ? connectTls({ ...at, ca: files.ca }) : connect({ ...at, noDelay: true })
  client.on('error', () => undefined)
  await once(client, listener === 'tls' ? 'secureConnect' : 'connect')
  client.write(upgradeHead(`/${kind}`, { 'Sec-WebSocket-Key': sampleKey }))
  const upstream = await dialed
  if (kind === 'relay') {
    const head = await readHead(upstream)
    const key = /^sec-websocket-key: (.*)$/im.exec(head)?.[1] ?? ''
    const lines = `Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${acceptKey(key)}`
    upstream.write(`HTTP/1.1 101 Switching Protocols\r\n${lines}\r\n\r\n`)
  }
  expect(await readHead(client)).toContain('101 Switching Protocols')
  return { client, upstream }
}

/** Nothing comes behind a head until somebody has answered. */
async function readHead(socket: Socket): Promise<string> {
  let text = ''
  while (!text.endsWith('\r\n\r\n')) {
    const [chunk] = (await once(socket, 'data')) as [Buffer]
    text += chunk.toString('latin1')
  }
  socket.pause()
  return text
}
