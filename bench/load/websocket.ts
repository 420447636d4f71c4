import type { Socket } from 'node:net'
import { writeRaw } from '../raw-socket.ts'
import { dial } from './dial.ts'
import type { Target } from './plan.ts'

const headEnd = Buffer.from('\r\n\r\n')
/** The key of RFC 6455 section 1.3, and what must be made of it. */
const key = 'dGhlIHNhbXBsZSBub25jZQ=='
const accept = 's3pPLMBiTxaQ9kYGzzhZRbK+xOo='

/** A client's WebSocket, of which the user sees the bytes behind the 101. */
export abstract class WebSocketClient {
  readonly #target: Target
  #head: Buffer | undefined = Buffer.alloc(0)
  readonly socket: Socket

  constructor(target: Target) {
    this.#target = target
    this.socket = dial(target, {
      open: () => this.socket.write(this.#request()),
      bytes: (bytes, from, to) => {
        if (this.#head === undefined) this.bytes(bytes, from, to)
        else this.#readHead(bytes.subarray(from, to))
      },
      ended: (error) => this.ended(error),
    })
  }

  get isOpen(): boolean {
    return this.#head === undefined
  }

  /** `bytes` stay as they are: they are read whenever the proxy takes them. */
  protected send(bytes: Buffer): void {
    if (this.#target.tls) this.socket.write(bytes)
    else writeRaw(this.socket, bytes)
  }

  protected abstract opened(): void
  protected abstract bytes(bytes: Buffer, from: number, to: number): void
  protected abstract ended(error: Error | undefined): void

  #request(): string {
    const { path, port } = this.#target
    // What a browser sends counts: proxies read, check and copy each line.
    return [
      `GET ${path} HTTP/1.1`,
      `Host: localhost:${port}`,
      'Connection: Upgrade',
      'Pragma: no-cache',
      'Cache-Control: no-cache',
      'User-Agent: Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36',
      'Upgrade: websocket',
      `Origin: http${this.#target.tls ? 's' : ''}://localhost:${port}`,
      'Sec-WebSocket-Version: 13',
      'Accept-Encoding: gzip, deflate, br, zstd',
      'Accept-Language: en-US,en;q=0.9',
      `Sec-WebSocket-Key: ${key}`,
      '\r\n',
    ].join('\r\n')
  }

  #readHead(bytes: Buffer): void {
    const head = Buffer.concat([this.#head!, bytes])
    const end = head.indexOf(headEnd)
    if (end === -1) {
      this.#head = head
      return
    }
    const text = head.toString('latin1', 0, end)
    if (!text.startsWith('HTTP/1.1 101 ') || !text.includes(accept)) {
      this.socket.destroy(new Error(`no WebSocket: ${text.split('\r\n', 1)[0]}`))
      return
    }
    this.#head = undefined
    this.opened()
    if (end + 4 < head.length) this.bytes(head, end + 4, head.length)
  }
}
