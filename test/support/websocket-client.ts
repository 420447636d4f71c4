import { once } from 'node:events'
import type { IncomingMessage } from 'node:http'
import type { ConnectionOptions } from 'node:tls'
import { WebSocket } from 'ws'

export interface Asked {
  readonly headers?: Readonly<Record<string, string | string[]>>
  readonly protocols?: readonly string[]
  /** Over TLS, whose certificate nobody checks. */
  readonly tls?: ConnectionOptions
}

/** What became of an upgrade: a WebSocket, or an HTTP answer. */
export interface Opened {
  /** 101 for a WebSocket. */
  readonly status: number
  readonly headers: IncomingMessage['headers']
  readonly body: string
  /** Undefined where there is none. */
  readonly socket: WebSocket | undefined
  /** The first message, which may come with the 101: whoever listens after `await` misses that. */
  readonly first: Promise<Buffer>
}

/** Opens a WebSocket as an application would. */
export async function openWebSocket(
  port: number,
  path: string,
  asked: Asked = {},
): Promise<Opened> {
  const { headers = {}, protocols = [], tls } = asked
  const scheme = tls === undefined ? 'ws' : 'wss'
  const socket = new WebSocket(`${scheme}://127.0.0.1:${port}${path}`, [...protocols], {
    headers,
    rejectUnauthorized: false,
    ...tls,
  })
  return await new Promise((resolve, reject) => {
    const first = new Promise<Buffer>((heard) => socket.once('message', heard))
    socket.once('upgrade', ({ headers }) => {
      socket.once('open', () => resolve({ status: 101, headers, body: '', socket, first }))
    })
    socket.once('unexpected-response', (_, answer) => {
      let body = ''
      answer.on('data', (chunk) => (body += String(chunk)))
      answer.once('end', () => {
        const { statusCode = 0, headers } = answer
        resolve({ status: statusCode, headers, body, socket: undefined, first })
      })
    })
    socket.on('error', reject)
  })
}

/** Opens one that has to open. */
export async function mustOpen(port: number, path: string, asked?: Asked): Promise<WebSocket> {
  const { socket, status, body } = await openWebSocket(port, path, asked)
  if (socket === undefined) throw new Error(`the gateway answered ${status} ${body}`)
  return socket
}

/** How it was closed, in words: `3000 session-expired`. */
export async function closeOf(socket: WebSocket): Promise<string> {
  const [code, reason] = (await once(socket, 'close')) as [number, Buffer]
  return `${code} ${reason.toString()}`.trimEnd()
}

/** Sends a message and waits for what comes back. */
export async function echo(socket: WebSocket, text: string | Buffer): Promise<string> {
  const answer = once(socket, 'message')
  socket.send(text)
  const [data] = (await answer) as [Buffer]
  return data.toString()
}
