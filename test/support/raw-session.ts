import type { Socket } from 'node:net'
import { createServer as createTlsServer } from 'node:tls'
import type { GatewayParts } from '../../src/gateway/parts.ts'
import { acceptKey } from '../../src/websocket/accept-key.ts'
import { readFrames } from './frames.ts'
import type { ReadFrame } from './frames.ts'
import { bridgeTo, proxyTo, startGateway } from './gateway.ts'
import type { LogLine, RunningGateway } from './gateway.ts'
import { listening, rawServer } from './peers.ts'
import type { Peer } from './peers.ts'
import { RawClient, upgradeHead } from './raw-client.ts'
import type { TlsFiles } from './tls-files.ts'

/** One session through a gateway with both of its ends in hand. */
export interface RawSession {
  readonly path: string
  readonly client: RawClient
  /** The WebSocket server, after its 101, or the TCP backend. */
  readonly upstream: RawClient
  /** Its line of the log, once it has ended. */
  readonly closed: () => Promise<LogLine>
}

export interface OpenOptions {
  readonly headers?: Record<string, string>
  /** What the upstream's 101 says besides. */
  readonly answer?: string
  /** Begins the path, so that routes can be told apart. */
  readonly route?: string
  /** Bytes of the upstream that leave together with its 101. */
  readonly early?: Buffer
}

export interface StartOptions {
  readonly parts?: Partial<GatewayParts>
  /** TLS on both legs. */
  readonly tls?: TlsFiles
}

/** A gateway in front of one raw server; each session gets a path of its own. */
export class RawGateway {
  readonly running: RunningGateway
  readonly #server: Peer
  readonly #arrived: RawClient[] = []
  readonly #bridge: boolean
  readonly #tls: TlsFiles | undefined
  #wanted: ((socket: RawClient) => void)[] = []
  #opening: Promise<unknown> = Promise.resolve()
  #count = 0

  private constructor(
    running: RunningGateway,
    server: Peer,
    arrived: Arrivals,
    bridge: boolean,
    tls: TlsFiles | undefined,
  ) {
    this.#tls = tls
    this.running = running
    this.#server = server
    this.#bridge = bridge
    arrived.take = (socket) => {
      const wanted = this.#wanted.shift()
      if (wanted === undefined) this.#arrived.push(socket)
      else wanted(socket)
    }
  }

  /** @param more goes over the smallest configuration of a relay */
  static async relay(
    more: Record<string, unknown> = {},
    options: StartOptions = {},
  ): Promise<RawGateway> {
    return await RawGateway.#start(more, false, options)
  }

  static async bridge(
    more: Record<string, unknown> = {},
    options: StartOptions = {},
  ): Promise<RawGateway> {
    return await RawGateway.#start(more, true, options)
  }

  static async #start(
    more: Record<string, unknown>,
    bridge: boolean,
    { parts = {}, tls }: StartOptions,
  ): Promise<RawGateway> {
    const arrivals: Arrivals = { take: () => undefined }
    const accept = (socket: Socket): void => {
      socket.setNoDelay(true)
      arrivals.take(new RawClient(socket))
    }
    const server =
      tls === undefined
        ? await rawServer(accept)
        : await listening(createTlsServer({ ...tls, allowHalfOpen: true }, accept))
    const [plain, secure] = bridge ? ['tcp', 'tls'] : ['http', 'https']
    const scheme = tls === undefined ? plain : secure
    const to = (bridge ? bridgeTo : proxyTo)(`${scheme}://127.0.0.1:${server.port}`, more)
    if (tls !== undefined) {
      const { certificates, caFile } = tls
      to['listeners'] = { edge: { bind: '127.0.0.1:0', tls: { certificates } } }
      for (const upstream of Object.values(to['upstreams'] as Record<string, object>)) {
        Object.assign(upstream, { tls: { ca: caFile } })
      }
    }
    return new RawGateway(await startGateway(to, parts), server, arrivals, bridge, tls)
  }

  /** Sockets of upstreams that are still open. */
  get upstreamSockets(): number {
    return this.#server.sockets.size
  }

  /**
   * One after the other, so that both ends of one session are found; what is done with sessions may
   * overlap.
   */
  async open(options: OpenOptions = {}): Promise<RawSession> {
    const opened = this.#opening.then(async () => await this.#open(options))
    this.#opening = opened.catch(() => undefined)
    return await opened
  }

  async #open(options: OpenOptions): Promise<RawSession> {
    const path = `${options.route ?? ''}/${this.#count++}`
    const client = await RawClient.connect(
      this.running.port(),
      this.#tls === undefined ? {} : { tls: { ca: this.#tls.ca } },
    )
    client.send(upgradeHead(path, options.headers))
    const upstream = await this.#next()
    if (!this.#bridge) {
      const head = await upstream.head()
      const key = /^sec-websocket-key: (.*)$/im.exec(head.text)?.[1] ?? ''
      const lines = `Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${acceptKey(key)}\r\n`
      const answer = `HTTP/1.1 101 Switching Protocols\r\n${lines}${options.answer ?? ''}\r\n`
      upstream.send(Buffer.concat([Buffer.from(answer), options.early ?? Buffer.alloc(0)]))
    }
    const { status } = await client.head()
    if (status !== 101) throw new Error(`the gateway answered ${status}`)
    let closed: Promise<LogLine> | undefined
    return { path, client, upstream, closed: async () => await (closed ??= this.#closed(path)) }
  }

  stop(): void {
    this.running.stop()
    this.#server.close()
  }

  /** Forgets the session's lines, so that thousands of sessions can be looked for. */
  async #closed(path: string): Promise<LogLine> {
    const { log } = this.running
    const line = await log.line('session closed', { path })
    const others = log.lines.filter((other) => other['path'] !== path)
    log.lines.splice(0, log.lines.length, ...others)
    return line
  }

  async #next(): Promise<RawClient> {
    const waiting = this.#arrived.shift()
    if (waiting !== undefined) return waiting
    return await new Promise((resolve) => {
      this.#wanted.push(resolve)
    })
  }
}

interface Arrivals {
  take: (socket: RawClient) => void
}

/** Takes one whole frame. */
export async function takeFrame(from: RawClient): Promise<ReadFrame> {
  const start = await from.take(2)
  const short = start.readUInt8(1) & 0x7f
  const extended = await from.take(short === 127 ? 8 : short === 126 ? 2 : 0)
  const length = extended.length === 0 ? short : Number(`0x${extended.toString('hex')}`)
  const rest = await from.take((start.readUInt8(1) >= 0x80 ? 4 : 0) + length)
  return readFrames(Buffer.concat([start, extended, rest])).frames[0]!
}

/** Lets the event loop turn until everybody in this process has read what was written before. */
export async function turn(): Promise<void> {
  for (let i = 0; i < 2; i++) await new Promise((resolve) => setImmediate(resolve))
}
