import { once } from 'node:events'
import { createServer as createTlsServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { WebSocket, WebSocketServer } from 'ws'
import type { ClientOptions } from 'ws'
import { startGateway } from '../support/gateway.ts'
import type { RunningGateway } from '../support/gateway.ts'
import { tlsFiles } from '../support/tls-files.ts'
import type { TlsFiles } from '../support/tls-files.ts'

/** Real clients and servers of the ws package, with TLS on neither leg or on both. */
const transports = ['ws', 'wss'] as const

let files: TlsFiles
let running: RunningGateway
const servers = new Map<string, WebSocketServer>()

beforeAll(async () => {
  files = await tlsFiles()
  const upstreams: Record<string, unknown> = {}
  const options = {
    maxPayload: 64 << 20,
    perMessageDeflate: { threshold: 0 },
    handleProtocols: (offered: Set<string>) => (offered.has('chat.v2') ? 'chat.v2' : false),
  } as const
  for (const transport of transports) {
    const http = transport === 'wss' ? createTlsServer(files) : undefined
    const server = new WebSocketServer(
      http === undefined
        ? { ...options, port: 0, host: '127.0.0.1' }
        : { ...options, server: http },
    )
    http?.listen(0, '127.0.0.1')
    await once(server, 'listening')
    server.on('connection', echo)
    servers.set(transport, server)
    const { port } = (http ?? server).address() as AddressInfo
    upstreams[transport] = {
      servers: [`${transport}://127.0.0.1:${port}`],
      ...(transport === 'wss' && { tls: { ca: files.caFile } }),
    }
  }
  running = await startGateway({
    listeners: {
      ws: { bind: '127.0.0.1:0' },
      wss: { bind: '127.0.0.1:0', tls: { certificates: files.certificates } },
    },
    limits: { message: '32MiB', controlFrameRate: 'none' },
    upstreams,
    routes: [
      { match: { path: '/ws' }, proxy: 'ws' },
      { match: { path: '/wss' }, proxy: 'wss' },
      { match: { path: '/off' }, proxy: 'ws', compression: 'off' },
    ],
  })
})
afterAll(() => {
  running.stop()
  for (const server of servers.values()) server.close()
  files.remove()
})

function echo(socket: WebSocket): void {
  socket.on('error', () => undefined)
  socket.on('message', (data: Buffer, binary) => {
    if (!binary && data.toString().startsWith('close ')) {
      const [, code, reason] = data.toString().split(' ')
      socket.close(Number(code), reason)
    } else socket.send(data, { binary })
  })
}

describe.each(transports)('ws clients and servers over %s', (transport) => {
  async function open(options: ClientOptions = {}, protocols: string[] = []): Promise<WebSocket> {
    const url = `${transport}://127.0.0.1:${running.port(transport)}/${transport}`
    const socket = new WebSocket(url, protocols, {
      ca: files.ca,
      maxPayload: 64 << 20,
      perMessageDeflate: false,
      ...options,
    })
    await once(socket, 'open')
    return socket
  }

  // The sizes of Autobahn's cases 1.1, 1.2 and 9.
  const sizes = [0, 1, 125, 126, 127, 128, 65_535, 65_536, 65_537, 1 << 20, 16 << 20]

  test.each(sizes)('text and binary of %i bytes', async (size) => {
    const socket = await open()
    const data = Buffer.alloc(size, 'x')
    expect((await exchange(socket, data)).equals(data)).toBe(true)
    expect((await exchange(socket, data.toString())).equals(data)).toBe(true)
    await close(socket)
  })

  // RFC 6455 leaves fragments to intermediaries; these pass as they came (Autobahn's case 5).
  test('fragments, with a Ping between them', async () => {
    const socket = await open()
    const answer = once(socket, 'message') as Promise<[Buffer, boolean]>
    const pong = once(socket, 'pong') as Promise<[Buffer]>
    socket.send('frag', { fin: false })
    socket.ping('between')
    socket.send('ment', { fin: false })
    socket.send('', { fin: false })
    socket.send('ed', { fin: true })
    expect((await answer)[0].toString()).toBe('fragmented')
    expect((await pong)[0].toString()).toBe('between')
    await close(socket)
  })

  // Autobahn's case 2.
  test('Pings and Pongs of both sides pass with their payloads', async () => {
    const connected = once(servers.get(transport)!, 'connection') as Promise<[WebSocket]>
    const socket = await open()
    const [server] = await connected
    for (const payload of ['', 'hello', Buffer.from('00fffefdfcfb00ff', 'hex'), 'x'.repeat(125)]) {
      const pong = once(socket, 'pong') as Promise<[Buffer]>
      socket.ping(payload)
      expect((await pong)[0]).toEqual(Buffer.from(payload))
      const ping = once(socket, 'ping') as Promise<[Buffer]>
      const answer = once(server, 'pong') as Promise<[Buffer]>
      server.ping(payload)
      expect((await ping)[0]).toEqual(Buffer.from(payload))
      expect((await answer)[0]).toEqual(Buffer.from(payload))
    }
    const unasked = once(server, 'pong') as Promise<[Buffer]>
    socket.pong('unasked')
    expect((await unasked)[0].toString()).toBe('unasked')
    await close(socket)
  })

  test.each([1000, 1001, 1003, 1008, 1011, 1012, 3000, 4999])(
    'a close with %i and a reason, from either side',
    async (code) => {
      const connected = once(servers.get(transport)!, 'connection') as Promise<[WebSocket]>
      const first = await open()
      const [server] = await connected
      const arrived = once(server, 'close') as Promise<[number, Buffer]>
      expect(await close(first, code, 'because')).toEqual([code, 'because'])
      const [arrivedCode, reason] = await arrived
      expect([arrivedCode, reason.toString()]).toEqual([code, 'because'])

      const second = await open()
      const closed = once(second, 'close') as Promise<[number, Buffer]>
      second.send(`close ${code} theirs`)
      const [closedCode, theirs] = await closed
      expect([closedCode, theirs.toString()]).toEqual([code, 'theirs'])
    },
  )

  test('a close without a code', async () => {
    const socket = await open()
    const closed = once(socket, 'close') as Promise<[number]>
    socket.close()
    expect((await closed)[0]).toBe(1005)
  })

  test('a terminated client leaves the server with 1001', async () => {
    const connected = once(servers.get(transport)!, 'connection') as Promise<[WebSocket]>
    const socket = await open()
    const [server] = await connected
    const closed = once(server, 'close') as Promise<[number, Buffer]>
    socket.terminate()
    const [code, reason] = await closed
    expect([code, reason.toString()]).toEqual([1001, 'client-lost'])
  })

  test('a terminated server leaves the client with 1011', async () => {
    const connected = once(servers.get(transport)!, 'connection') as Promise<[WebSocket]>
    const socket = await open()
    const closed = once(socket, 'close') as Promise<[number, Buffer]>
    const [server] = await connected
    server.terminate()
    const [code, reason] = await closed
    expect([code, reason.toString()]).toEqual([1011, 'upstream-lost'])
  })

  describe('permessage-deflate', () => {
    test.each([
      ['with context takeover', { threshold: 0 }],
      [
        'without context takeover',
        { threshold: 0, clientNoContextTakeover: true, serverNoContextTakeover: true },
      ],
      ['with small windows', { threshold: 0, clientMaxWindowBits: 9, serverMaxWindowBits: 9 }],
    ])('%s', async (_, perMessageDeflate) => {
      const socket = await open({ perMessageDeflate })
      expect(socket.extensions).toContain('permessage-deflate')
      for (let round = 0; round < 5; round++) {
        const data = Buffer.from(`round ${round} `.repeat(10_000))
        expect((await exchange(socket, data)).equals(data)).toBe(true)
        expect((await exchange(socket, 'the same words again')).toString()).toBe(
          'the same words again',
        )
      }
      const answer = once(socket, 'message') as Promise<[Buffer, boolean]>
      socket.send('one ', { fin: false, compress: true })
      socket.ping()
      socket.send('message', { fin: true, compress: true })
      expect((await answer)[0].toString()).toBe('one message')
      await close(socket)
    })
  })

  test('the server’s choice of the offered subprotocols reaches the client', async () => {
    const chosen = await open({}, ['chat.v1', 'chat.v2'])
    expect(chosen.protocol).toBe('chat.v2')
    await close(chosen)
    const none = await open()
    expect(none.protocol).toBe('')
    await close(none)
  })

  // Four RSA handshakes for each of them in one process are what takes the time over TLS.
  const count = transport === 'ws' ? 1_000 : 200

  test(`${count} connections at once, each echoing, all closed`, async () => {
    await settled()
    const sockets: WebSocket[] = []
    // A hundred handshakes at a time: more would wait for the backlog of listen, not for the
    // gateway.
    for (let opened = 0; opened < count; opened += 100) {
      sockets.push(...(await Promise.all(Array.from({ length: 100 }, async () => await open()))))
    }
    expect(openSessions()).toBe(count)
    await Promise.all(
      sockets.map(async (socket, index) => {
        for (const text of [`first of ${index}`, `second of ${index}`]) {
          expect((await exchange(socket, text)).toString()).toBe(text)
        }
      }),
    )
    const closes = await Promise.all(
      sockets.map(async (socket, i) => await close(socket, 4000, `${i}`)),
    )
    expect(closes).toEqual(sockets.map((_, index) => [4000, `${index}`]))
    await settled()
    expect(await running.metrics.render()).toMatch(/^drawbridge_sessions_open\{.*\} 0$/m)
  })
})

test('permessage-deflate is taken out of the offer where the route says so', async () => {
  const socket = new WebSocket(`ws://127.0.0.1:${running.port('ws')}/off`)
  await once(socket, 'open')
  expect(socket.extensions).toBe('')
  socket.send('plain')
  expect(String((await once(socket, 'message'))[0])).toBe('plain')
  await close(socket)
})

async function exchange(socket: WebSocket, data: Buffer | string): Promise<Buffer> {
  const answer = once(socket, 'message') as Promise<[Buffer, boolean]>
  socket.send(data)
  const [echoed, binary] = await answer
  expect(binary).toBe(typeof data !== 'string')
  return echoed
}

function openSessions(): number {
  let open = 0
  for (const { msg } of running.log.lines) {
    if (msg === 'session opened') open++
    else if (msg === 'session closed') open--
  }
  return open
}

async function settled(): Promise<void> {
  while (openSessions() > 0) await new Promise((resolve) => setImmediate(resolve))
}

async function close(socket: WebSocket, code = 1000, reason = ''): Promise<[number, string]> {
  const closed = once(socket, 'close') as Promise<[number, Buffer]>
  socket.close(code, reason)
  const [got, text] = await closed
  return [got, text.toString()]
}
