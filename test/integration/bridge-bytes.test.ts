import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { rmSync } from 'node:fs'
import { createServer } from 'node:net'
import type { AddressInfo, Server, Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createServer as createTlsServer } from 'node:tls'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { WebSocket } from 'ws'
import { startGateway } from '../support/gateway.ts'
import type { RunningGateway } from '../support/gateway.ts'
import { Random } from '../support/random.ts'
import { tlsFiles } from '../support/tls-files.ts'
import type { TlsFiles } from '../support/tls-files.ts'

const kinds = ['tcp', 'tls', 'unix'] as const
type Kind = (typeof kinds)[number]

const total = 8 << 20
let files: TlsFiles
let running: RunningGateway
const servers = new Map<Kind, Server>()
const path = join(tmpdir(), `drawbridge-bridge-${process.pid}.sock`)
let accepted: ((socket: Socket) => void) | undefined

function accept(socket: Socket): void {
  accepted?.(socket.on('error', () => undefined))
}

beforeAll(async () => {
  files = await tlsFiles()
  const options = { allowHalfOpen: true }
  servers.set('tcp', createServer(options, accept).listen(0, '127.0.0.1'))
  servers.set('unix', createServer(options, accept).listen(path))
  servers.set('tls', createTlsServer({ ...files, ...options }, accept).listen(0, '127.0.0.1'))
  for (const server of servers.values()) if (!server.listening) await once(server, 'listening')
  const port = (kind: Kind): number => (servers.get(kind)!.address() as AddressInfo).port
  running = await startGateway({
    listeners: {
      plain: { bind: '127.0.0.1:0' },
      tls: { bind: '127.0.0.1:0', tls: { certificates: files.certificates } },
    },
    upstreams: {
      tcp: { servers: [`tcp://127.0.0.1:${port('tcp')}`] },
      tls: { servers: [`tls://localhost:${port('tls')}`], tls: { ca: files.caFile } },
      unix: { servers: [`unix:${path}`] },
    },
    routes: kinds.map((kind) => ({ name: kind, match: { path: `/${kind}` }, bridge: kind })),
  })
})
afterAll(() => {
  running.stop()
  for (const server of servers.values()) server.close()
  files.remove()
  rmSync(path, { force: true })
})

describe.each(['plain', 'tls'] as const)('a client on a %s listener', (listener) => {
  test.each(kinds)(
    'and a %s backend: bytes of any size keep their order both ways',
    async (kind) => {
      const backend = new Promise<Socket>((resolve) => {
        accepted = resolve
      })
      const scheme = listener === 'tls' ? 'wss' : 'ws'
      const client = new WebSocket(
        `${scheme}://127.0.0.1:${running.port(listener)}/${kind}`,
        'binary',
        {
          ca: files.ca,
          perMessageDeflate: false,
        },
      )
      const received = createHash('sha256')
      let count = 0
      const sizes: number[] = []
      client.on('message', (data: Buffer, binary) => {
        expect(binary).toBe(true)
        received.update(data)
        count += data.length
        sizes.push(data.length)
      })
      await once(client, 'open')
      expect(client.protocol).toBe('binary')
      const socket = await backend
      const arrived = createHash('sha256')
      socket.on('data', (chunk: Buffer) => arrived.update(chunk))
      const ended = once(socket, 'end')

      const [up, down] = await Promise.all([
        sendAll(7, async (piece) => {
          await new Promise((resolve) => client.send(piece, resolve))
        }),
        sendAll(8, async (piece) => {
          if (!socket.write(piece)) await once(socket, 'drain')
        }),
      ])
      // The backend ends first: what it wrote is flushed, then its FIN is a Close 1000.
      const closed = once(client, 'close') as Promise<[number, Buffer]>
      socket.end()
      expect((await closed)[0]).toBe(1000)
      expect([count, received.digest('hex')]).toEqual([total, down])
      await ended
      expect(arrived.digest('hex')).toBe(up)
      expect(Math.max(...sizes)).toBeLessThanOrEqual(128 << 10)
      expect(await running.log.line('session closed', { route: kind, listener })).toMatchObject({
        closedBy: 'upstream',
        code: 1000,
        subprotocol: 'binary',
        received: { bytes: total },
        sent: { bytes: total, messages: sizes.length },
      })
    },
  )
})

/** Sends `total` bytes in pieces of any size. @returns their hash */
async function sendAll(seed: number, send: (piece: Buffer) => Promise<void>): Promise<string> {
  const random = new Random(seed)
  const source = random.bytes(256 << 10)
  const hash = createHash('sha256')
  for (let left = total; left > 0;) {
    const size = Math.min(left, random.size(200_000))
    const at = random.int(0, source.length - size)
    const piece = source.subarray(at, at + size)
    hash.update(piece)
    await send(piece)
    left -= size
  }
  return hash.digest('hex')
}
