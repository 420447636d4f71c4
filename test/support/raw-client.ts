import { once } from 'node:events'
import { connect } from 'node:net'
import type { Socket } from 'node:net'
import { connect as connectTls } from 'node:tls'
import type { ConnectionOptions } from 'node:tls'
import { wasReset } from '../../src/reset.ts'

export interface Head {
  readonly status: number
  /** Lower-case names; several lines of one name joined with `, `. */
  readonly headers: ReadonlyMap<string, string>
  readonly text: string
}

/** A socket seen as bytes: what is sent is exactly what is given, what comes is collected. */
export class RawClient {
  readonly socket: Socket
  /**
   * What has come and was not taken yet: joined only when it is looked at, since much of it may
   * come in small pieces.
   */
  #pieces: Buffer[] = []
  #count = 0
  #ended = false
  #reset = false
  readonly #waiting = new Set<() => void>()

  constructor(socket: Socket) {
    this.socket = socket
    socket.on('data', (chunk: Buffer) => {
      this.#pieces.push(chunk)
      this.#count += chunk.length
      this.#wake()
    })
    socket.on('error', () => {
      this.#reset = true
      this.#wake()
    })
    for (const event of ['end', 'close'] as const) {
      socket.on(event, () => {
        if (event === 'end' && wasReset(socket)) {
          this.#reset = true
          socket.destroy()
        }
        this.#ended = true
        this.#wake()
      })
    }
  }

  static async connect(
    port: number,
    options: { tls?: ConnectionOptions; host?: string } = {},
  ): Promise<RawClient> {
    const host = options.host ?? '127.0.0.1'
    const socket =
      options.tls === undefined
        ? connect({ port, host, allowHalfOpen: true })
        : connectTls({
            port,
            host,
            rejectUnauthorized: false,
            ...options.tls,
            allowHalfOpen: true,
          } as ConnectionOptions)
    const client = new RawClient(socket)
    await once(socket, options.tls === undefined ? 'connect' : 'secureConnect')
    socket.setNoDelay(true)
    return client
  }

  /** What has come and was not taken yet. */
  get received(): Buffer {
    if (this.#pieces.length !== 1) this.#pieces = [Buffer.concat(this.#pieces)]
    return this.#pieces[0]!
  }

  /** The other end sent FIN or reset the connection. */
  get ended(): boolean {
    return this.#ended
  }

  get wasReset(): boolean {
    return this.#reset
  }

  send(bytes: string | Uint8Array): void {
    this.socket.write(typeof bytes === 'string' ? Buffer.from(bytes, 'latin1') : bytes)
  }

  /** Waits for `count` bytes without taking them; rejects where the connection ends before. */
  async has(count: number): Promise<void> {
    await this.#until(() => this.#count >= count, `${count} bytes`)
  }

  /** Takes `count` bytes; rejects where the connection ends before. */
  async take(count: number): Promise<Buffer> {
    await this.has(count)
    const taken = this.received.subarray(0, count)
    this.#keepFrom(count)
    return taken
  }

  /** Takes one answer's head. */
  async head(): Promise<Head> {
    await this.#until(() => this.received.includes('\r\n\r\n'), 'a head')
    const end = this.received.indexOf('\r\n\r\n')
    const text = this.received.subarray(0, end).toString('latin1')
    this.#keepFrom(end + 4)
    const [first = '', ...lines] = text.split('\r\n')
    const headers = new Map<string, string>()
    for (const line of lines) {
      const colon = line.indexOf(':')
      const name = line.slice(0, colon).toLowerCase()
      const value = line.slice(colon + 1).trim()
      headers.set(name, headers.has(name) ? `${headers.get(name)}, ${value}` : value)
    }
    return { status: Number(first.split(' ')[1]), headers, text }
  }

  /** Takes a head and the body that its Content-Length announces. */
  async answer(): Promise<Head & { body: string }> {
    const head = await this.head()
    const body = await this.take(Number(head.headers.get('content-length') ?? 0))
    return { ...head, body: body.toString('latin1') }
  }

  /** Waits for FIN or reset; what came until then and was not taken. */
  async closed(): Promise<Buffer> {
    await this.#until(() => this.#ended, 'the end')
    return this.received
  }

  end(): void {
    this.socket.end()
  }

  destroy(): void {
    this.socket.destroy()
  }

  /** Ends the connection with a TCP reset. */
  reset(): void {
    this.socket.resetAndDestroy()
  }

  async #until(done: () => boolean, what: string): Promise<void> {
    while (!done()) {
      if (this.#ended) {
        throw new Error(
          `the connection ended before ${what}; unread: ${JSON.stringify(this.received.toString('latin1', 0, 1_000))}`,
        )
      }
      await new Promise<void>((resolve) => {
        this.#waiting.add(resolve)
      })
    }
  }

  #keepFrom(at: number): void {
    this.#pieces = [this.received.subarray(at)]
    this.#count -= at
  }

  #wake(): void {
    for (const resolve of this.#waiting) resolve()
    this.#waiting.clear()
  }
}

/** The key of RFC 6455 section 1.3. */
export const sampleKey = 'dGhlIHNhbXBsZSBub25jZQ=='
export const sampleAccept = 's3pPLMBiTxaQ9kYGzzhZRbK+xOo='

/**
 * An opening handshake as a client would send it; `headers` replace or add lines, undefined leaves
 * one out.
 */
export function upgradeHead(
  path: string,
  headers: Record<string, string | undefined> = {},
): string {
  const all: Record<string, string | undefined> = {
    Host: 'localhost',
    Upgrade: 'websocket',
    Connection: 'Upgrade',
    'Sec-WebSocket-Key': sampleKey,
    'Sec-WebSocket-Version': '13',
    ...headers,
  }
  let text = `GET ${path} HTTP/1.1\r\n`
  for (const [name, value] of Object.entries(all)) {
    if (value !== undefined) text += `${name}: ${value}\r\n`
  }
  return `${text}\r\n`
}

/** Bytes written as hex, with blanks for the eye. */
export function bytes(hex: string): Buffer {
  return Buffer.from(hex.replace(/\s+/g, ''), 'hex')
}
