import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { connect, createServer } from 'node:net'
import type { AddressInfo, Server, Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { connect as connectTls, createServer as createTlsServer } from 'node:tls'
import { mintAuthority, mintLeaf } from '../../src/cli/mint.ts'
import { acceptKey } from '../../src/websocket/accept-key.ts'
import { GatewayProcess } from './gateway-process.ts'
import type { GatewayOptions } from './gateway-process.ts'
import type { Lane } from './lanes.ts'

/** Both sockets of a session, whose handshakes are over; paused. */
export interface SocketEnds {
  readonly client: Socket
  readonly upstream: Socket
}

/** Nothing ends by a clock; pings of the gateway's come between frames of the peers'. */
const timeouts = { ping: '1s', pong: '10m', stall: '10m', closing: '10m' }
/** Control frames are part of the traffic; so are messages of any size. */
const limits = { message: 'none', controlFrameRate: 'none' }

/** A gateway process, and for each lane an upstream in this one. */
export class Arena {
  readonly gateway: GatewayProcess
  readonly #servers: readonly Server[]
  readonly #lanes: readonly Lane[]
  readonly #ca: string

  private constructor(
    gateway: GatewayProcess,
    lanes: readonly Lane[],
    servers: Server[],
    ca: string,
  ) {
    this.gateway = gateway
    this.#lanes = lanes
    this.#servers = servers
    this.#ca = ca
  }

  static async start(lanes: readonly Lane[], options: GatewayOptions): Promise<Arena> {
    const names = ['localhost', '127.0.0.1']
    const authority = await mintAuthority('soak')
    const pair = await mintLeaf(names, authority)
    const folder = mkdtempSync(join(tmpdir(), 'drawbridge-'))
    try {
      const file = (name: string, text: string): string => {
        writeFileSync(join(folder, name), text)
        return join(folder, name)
      }
      const ca = file('ca.crt', authority.cert)
      const certificates = [{ cert: file('leaf.crt', pair.cert), key: file('leaf.key', pair.key) }]
      const servers = await Promise.all(
        lanes.map(async ({ secureUpstream }) => {
          const half = { allowHalfOpen: true, noDelay: true, pauseOnConnect: !secureUpstream }
          const server = secureUpstream
            ? createTlsServer({ ...half, cert: pair.cert, key: pair.key })
            : createServer(half)
          await once(server.listen(0, '127.0.0.1'), 'listening')
          return server
        }),
      )
      const gateway = await GatewayProcess.start(
        {
          listeners: {
            ws: { bind: '127.0.0.1:0' },
            wss: { bind: '127.0.0.1:0', tls: { certificates } },
          },
          upstreams: Object.fromEntries(
            lanes.map(({ kind, secureUpstream }, i) => {
              const [plain, secure] = kind === 'relay' ? ['http', 'https'] : ['tcp', 'tls']
              const { port } = servers[i]!.address() as AddressInfo
              const server = `${secureUpstream ? secure : plain}://127.0.0.1:${port}`
              return [`lane-${i}`, { servers: [server], ...(secureUpstream && { tls: { ca } }) }]
            }),
          ),
          routes: lanes.map((lane, i) => ({
            name: `lane-${i}`,
            match: { path: `/${i}` },
            [lane.kind === 'relay' ? 'proxy' : 'bridge']: `lane-${i}`,
            limits: lane.limits,
          })),
          monitor: { bind: '127.0.0.1:0' },
          log: { format: 'json' },
          timeouts,
          limits,
        },
        options,
      )
      return new Arena(gateway, lanes, servers, authority.cert)
    } finally {
      rmSync(folder, { recursive: true })
    }
  }

  /** Opens a session on a lane that has none. */
  async open(index: number): Promise<SocketEnds> {
    const { listener, kind, secureUpstream } = this.#lanes[index]!
    const arrival = once(this.#servers[index]!, secureUpstream ? 'secureConnection' : 'connection')
    const port = this.gateway.port(listener)
    const at = { port, host: '127.0.0.1', allowHalfOpen: true, noDelay: true }
    const client = listener === 'ws' ? connect(at) : connectTls({ ...at, ca: this.#ca })
    const key = Buffer.alloc(16, index).toString('base64')
    client.write(
      `GET /${index} HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n` +
        `Sec-WebSocket-Key: ${key}\r\nSec-WebSocket-Version: 13\r\n\r\n`,
    )
    const answered = head(client).then((answer) => {
      if (!answer.startsWith('HTTP/1.1 101 ')) throw new Error(`refused: ${answer}`)
    })
    // Whoever fails first is heard; the other end of it fails too.
    answered.catch(() => undefined)
    const upstream = await Promise.race([arrival, answered.then(async () => await arrival)])
    const [socket] = upstream as [Socket]
    if (kind === 'relay') {
      const theirKey = /^sec-websocket-key: (.*)\r$/im.exec(await head(socket))?.[1] ?? ''
      socket.write(
        'HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n' +
          `Sec-WebSocket-Accept: ${acceptKey(theirKey)}\r\n\r\n`,
      )
    }
    await answered
    return { client, upstream: socket }
  }

  /** @returns how the gateway ended */
  async stop(): Promise<string> {
    const ended = await this.gateway.stop()
    for (const server of this.#servers) server.close()
    return ended
  }
}

/** Takes a head, and leaves what is behind it; the socket is paused then. */
async function head(socket: Socket): Promise<string> {
  let text = ''
  const gone = new AbortController()
  socket.once('close', () => gone.abort(new Error('closed inside a head')))
  while (!text.includes('\r\n\r\n')) {
    socket.resume()
    const [chunk] = (await once(socket, 'data', { signal: gone.signal })) as [Buffer]
    socket.pause()
    text += chunk.toString('latin1')
  }
  const end = text.indexOf('\r\n\r\n') + 4
  if (end < text.length) socket.unshift(Buffer.from(text.slice(end), 'latin1'))
  return text.slice(0, end)
}
