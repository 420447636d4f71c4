import { createServer as createTlsServer } from 'node:tls'
import type { TlsOptions } from 'node:tls'
import { createServer } from 'node:net'
import type { Socket } from 'node:net'
import { acceptKey } from '../../src/websocket/accept-key.ts'
import { listening } from './peers.ts'
import { RawClient } from './raw-client.ts'
import type { Head } from './raw-client.ts'

/** What an upstream does with a connection, once the first head has come. */
export type Script = (connection: RecordedConnection, head: Head) => void | Promise<void>

/** A connection to an upstream that keeps every byte it is sent. */
export class RecordedConnection extends RawClient {
  /** All that came, taken or not. */
  all = ''
  /** Settles when the other end has let go of the socket: half closing it is not enough. */
  readonly gone: Promise<void>

  constructor(socket: Socket) {
    super(socket)
    socket.on('data', (chunk: Buffer) => {
      this.all += chunk.toString('latin1')
    })
    this.gone = new Promise((resolve) => socket.once('close', () => resolve()))
    // Writing to a socket that was destroyed brings a reset, and then an error; one that is only
    // half closed takes it.
    const poke = (): void => {
      if (socket.writable) socket.write('x', () => setImmediate(poke))
      else socket.destroy()
    }
    socket.once('end', poke)
  }
}

/** An upstream of raw bytes: it records what comes and answers what its script says. */
export interface RecordingUpstream {
  readonly port: number
  /** In the order of their arrival, ended ones too. */
  readonly connections: readonly RecordedConnection[]
  /** The connection of this number, from 0, as soon as it is there. */
  connection(at: number): Promise<RecordedConnection>
  /** Changes what is done with further connections. */
  play(script: Script): void
  close(): void
}

export async function recordingUpstream(
  script: Script = acceptUpgrade,
  tls?: TlsOptions,
): Promise<RecordingUpstream> {
  const connections: RecordedConnection[] = []
  const waiting = new Set<() => void>()
  let current = script
  const handle = (socket: Socket): void => {
    socket.on('error', () => undefined)
    const connection = new RecordedConnection(socket)
    connections.push(connection)
    for (const wake of waiting) wake()
    waiting.clear()
    const played = current
    connection.head().then(
      (head) => played(connection, head),
      // It ended before it sent a head: there is nothing to answer.
      () => undefined,
    )
  }
  const server =
    tls === undefined
      ? createServer({ allowHalfOpen: true }, handle)
      : createTlsServer({ ...tls, allowHalfOpen: true }, handle)
  server.on('tlsClientError', () => undefined)
  const peer = await listening(server)
  return {
    port: peer.port,
    connections,
    async connection(at) {
      for (;;) {
        const found = connections[at]
        if (found !== undefined) return found
        await new Promise<void>((resolve) => {
          waiting.add(resolve)
        })
      }
    },
    play(next) {
      current = next
    },
    close: () => peer.close(),
  }
}

/** A 101 for this head, with these lines besides, and a frame behind it where one is given. */
export function switching(head: Head, lines: readonly string[] = []): string {
  const key = head.headers.get('sec-websocket-key') ?? ''
  const all = [
    'HTTP/1.1 101 Switching Protocols',
    'Upgrade: websocket',
    'Connection: Upgrade',
    `Sec-WebSocket-Accept: ${acceptKey(key)}`,
    ...lines,
  ]
  return `${all.join('\r\n')}\r\n\r\n`
}

/** The script of a server that takes WebSockets, and of plain requests answers each with `ok`. */
export function acceptUpgrade(connection: RecordedConnection, head: Head): void {
  if (head.headers.has('sec-websocket-key')) connection.send(switching(head))
  else connection.send('HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok')
}

/** The request line of a recorded head. */
export function requestLine(head: Head): string {
  return head.text.split('\r\n')[0] ?? ''
}
