import type { Socket } from 'node:net'
import { setImmediate as turn } from 'node:timers/promises'
import type { SessionFacts } from '../../../src/observe/connection-record.ts'
import type { Outcome } from '../../../src/relay/session.ts'
import { Session } from '../../../src/relay/session.ts'
import { Sweep } from '../../../src/relay/sweep.ts'
import { bridgeTcp } from '../../../src/relay/tcp-bridge.ts'
import { relayWebSocket } from '../../../src/relay/websocket-relay.ts'
import type { SessionOptions } from '../../../src/relay/session-options.ts'
import { wasReset } from '../../../src/reset.ts'
import { ports } from '../../support/data-path.ts'
import { readFrame } from '../../support/frames.ts'
import type { ReadFrame } from '../../support/frames.ts'
import { SocketPairs } from '../../support/socket-pair.ts'
import type { Transport } from '../../support/socket-pair.ts'

export const facts: SessionFacts = {
  id: '1',
  listener: 'edge',
  route: 'main',
  client: '127.0.0.1',
  host: 'localhost',
  path: '/',
  upstream: 'http://127.0.0.1',
  subprotocol: undefined,
}

export interface Settings {
  readonly timeouts?: Partial<SessionOptions['timeouts']>
  readonly limits?: Partial<SessionOptions['limits']>
  readonly deflate?: boolean
  readonly onLimit?: SessionOptions['onLimit']
  /** Nothing reads the client's or the upstream's end by itself. */
  readonly unread?: 'client' | 'upstream'
  /** Bytes that came with the handshake. */
  readonly early?: { readonly client?: Buffer; readonly upstream?: Buffer }
  /** When the login ends, in epoch milliseconds. */
  readonly expiresAt?: number
  /** Called before the session is carried. */
  readonly before?: (session: Session) => void
  /** A bridge instead of a relay. */
  readonly bridge?: 'binary' | 'text'
}

const unlimited = { count: Infinity, perMs: 1000 }
const noRate = { rate: unlimited, burst: Infinity, over: 'throttle' } as const

/** A session between two ends that a test holds. */
export class Rig {
  readonly client: End
  readonly upstream: End
  readonly session: Session
  readonly outcome: Promise<Outcome>

  constructor(client: End, upstream: End, session: Session, outcome: Promise<Outcome>) {
    this.client = client
    this.upstream = upstream
    this.session = session
    this.outcome = outcome
  }

  /** How the session ended, without what only a clock knows. */
  async ended(): Promise<Omit<Outcome, 'durationMs' | 'error'> & { error: string | undefined }> {
    const { durationMs: _, error, received, sent, ...rest } = await this.outcome
    return { ...rest, error: error?.token, received: { ...received }, sent: { ...sent } }
  }
}

/** Makes rigs, and knows whether anything of them is left. */
export class Rigs {
  readonly sweep = new Sweep(5)
  readonly #pairs: SocketPairs
  readonly #clients: SocketPairs

  private constructor(clients: SocketPairs, upstreams: SocketPairs) {
    this.#clients = clients
    this.#pairs = upstreams
    this.sweep.start()
  }

  static async open(transport: Transport = 'tcp'): Promise<Rigs> {
    return new Rigs(await SocketPairs.open(transport), await SocketPairs.open('tcp'))
  }

  async make(settings: Settings = {}): Promise<Rig> {
    const client = await this.#clients.connect()
    const upstream = await this.#pairs.connect()
    const { early } = settings
    if (early?.client !== undefined) client.ours.unshift(early.client)
    if (early?.upstream !== undefined) upstream.ours.unshift(early.upstream)
    const kind = settings.bridge === undefined ? 'websocket' : 'bridge'
    const session = new Session(facts, kind, settings.expiresAt)
    settings.before?.(session)
    const options: SessionOptions = {
      limits: {
        message: { fromClient: Infinity, fromUpstream: Infinity },
        messageOver: { fromClient: 'close', fromUpstream: 'close' },
        messageRate: { fromClient: noRate, fromUpstream: noRate },
        byteRate: { fromClient: noRate, fromUpstream: noRate },
        controlFrameRate: { rate: unlimited, burst: Infinity, over: 'close' },
        buffer: 64 * 1024,
        ...settings.limits,
      },
      timeouts: {
        idle: Infinity,
        ping: Infinity,
        pong: Infinity,
        stall: Infinity,
        lifetime: Infinity,
        closing: 5_000,
        ...settings.timeouts,
      },
      sweep: this.sweep,
      ports,
      ...(settings.onLimit === undefined ? {} : { onLimit: settings.onLimit }),
    }
    const { deflate = false, bridge } = settings
    const outcome =
      bridge === undefined
        ? relayWebSocket(session, client.ours, upstream.ours, { ...options, deflate })
        : bridgeTcp(session, client.ours, upstream.ours, { ...options, messages: bridge })
    return new Rig(
      new End(client.peer, settings.unread !== 'client'),
      new End(upstream.peer, settings.unread !== 'upstream'),
      session,
      outcome,
    )
  }

  /** Waits for so many looks of the sweep. */
  async ticks(count: number): Promise<void> {
    let left = count
    await new Promise<void>((resolve) => {
      const counter = {
        tick: () => {
          if (--left > 0) return
          this.sweep.delete(counter)
          resolve()
        },
        crashed: () => undefined,
        destroy: () => undefined,
      }
      this.sweep.add(counter)
    })
  }

  /** Waits until no socket is open and no clock is looked at. */
  async idle(): Promise<void> {
    await until(() => this.#clients.open + this.#pairs.open + this.sweep.size === 0)
  }

  async close(): Promise<void> {
    this.sweep.stop()
    await this.#clients.close()
    await this.#pairs.close()
  }
}

/** One end of a session as a test drives it. */
export class End {
  readonly socket: Socket
  /** The other side has sent FIN; it has reset the connection. */
  ended = false
  wasReset = false
  #chunks: Buffer[] = []
  #length = 0
  #wake: () => void = () => undefined
  #changed = this.#next()

  constructor(socket: Socket, reads: boolean) {
    this.socket = socket
    if (reads) this.read()
    socket.on('error', () => {
      this.wasReset = true
    })
    socket.on('end', () => {
      if (wasReset(socket)) {
        this.wasReset = true
        socket.destroy()
      }
      this.#end()
    })
    socket.on('close', () => this.#end())
  }

  read(): void {
    this.socket.on('data', (chunk: Buffer) => {
      this.#chunks.push(chunk)
      this.#length += chunk.length
      this.#change()
    })
    this.socket.resume()
  }

  /** What has come and was not taken. */
  get received(): Buffer {
    if (this.#chunks.length !== 1) this.#chunks = [Buffer.concat(this.#chunks)]
    return this.#chunks[0]!
  }

  send(...parts: Buffer[]): void {
    this.socket.write(Buffer.concat(parts))
  }

  /** Takes so many bytes. */
  async take(count: number): Promise<Buffer> {
    while (this.#length < count) {
      if (this.ended) throw new Error(`ended behind ${this.received.toString('hex', 0, 200)}`)
      await this.#changed
    }
    const { received } = this
    this.#chunks = [received.subarray(count)]
    this.#length -= count
    return received.subarray(0, count)
  }

  /** Takes the next frame, whole. */
  async frame(): Promise<ReadFrame> {
    for (;;) {
      const read = readFrame(this.received)
      if (read !== undefined) {
        await this.take(read.size)
        return read.frame
      }
      if (this.ended) throw new Error(`ended behind ${this.received.toString('hex', 0, 200)}`)
      await this.#changed
    }
  }

  /** Takes the next frame, a Close, as `code reason`. */
  async close(): Promise<string> {
    const { opcode, payload } = await this.frame()
    if (opcode !== 8) throw new Error(`opcode ${opcode} instead of a Close`)
    if (payload.length === 0) return 'no code'
    return `${payload.readUInt16BE(0)} ${payload.toString('utf8', 2)}`.trimEnd()
  }

  /** Waits for the end; what came before it and was not taken. */
  async rest(): Promise<Buffer> {
    while (!this.ended) await this.#changed
    return this.received
  }

  end(): void {
    this.socket.end()
  }

  reset(): void {
    this.socket.resetAndDestroy()
  }

  #end(): void {
    this.ended = true
    this.#change()
  }

  #change(): void {
    this.#wake()
    this.#changed = this.#next()
  }

  #next(): Promise<void> {
    return new Promise((resolve) => {
      this.#wake = resolve
    })
  }
}

/** Waits turn by turn of the event loop; the test's own timeout bounds it. */
export async function until(done: () => boolean): Promise<void> {
  while (!done()) await turn()
}
