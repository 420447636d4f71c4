import { createHash } from 'node:crypto'
import type { Socket } from 'node:net'
import { writeRaw } from '../raw-socket.ts'
import { FrameEcho } from './frame-echo.ts'

const headEnd = Buffer.from('\r\n\r\n')
const answer = Buffer.from(
  'HTTP/1.1 200 OK\r\nContent-Length: 6\r\nContent-Type: text/plain\r\n\r\nhello\n',
)

/** An HTTP/1.1 connection that knows two requests: any that is small, and an upgrade. */
export class WebConnection {
  readonly #socket: Socket
  #part: Buffer | undefined
  #echo: FrameEcho | undefined

  constructor(socket: Socket) {
    this.#socket = socket
    socket.on('error', () => socket.destroy())
  }

  read(chunk: Buffer, from: number, to: number): void {
    if (this.#echo !== undefined) {
      this.#echo.read(chunk, from, to)
      return
    }
    let bytes = chunk.subarray(from, to)
    if (this.#part !== undefined) bytes = Buffer.concat([this.#part, bytes])
    const end = bytes.indexOf(headEnd)
    if (end === -1) {
      this.#part = Buffer.from(bytes)
      return
    }
    this.#part = undefined
    const head = bytes.toString('latin1', 0, end)
    const key = /^sec-websocket-key: *(\S+)/im.exec(head)?.[1]
    if (key === undefined) {
      writeRaw(this.#socket, answer)
      return
    }
    this.#echo = new FrameEcho(this.#socket)
    this.#socket.write(
      `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${acceptOf(key)}\r\n\r\n`,
    )
    if (bytes.length > end + 4) this.#echo.read(bytes, end + 4, bytes.length)
  }
}

function acceptOf(key: string): string {
  return createHash('sha1').update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest('base64')
}
