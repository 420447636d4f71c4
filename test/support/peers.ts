import { once } from 'node:events'
import { createServer } from 'node:net'
import type { AddressInfo, Server, Socket } from 'node:net'
import { createServer as createHttpServer } from 'node:http'
import type { RequestListener } from 'node:http'
import { WebSocketServer } from 'ws'
import type { ServerOptions } from 'ws'

export interface Peer {
  readonly port: number
  /** Sockets that are open. */
  readonly sockets: Set<Socket>
  close(): void
}

/** A TCP server that does what `handle` says with each connection. */
export async function rawServer(handle: (socket: Socket) => void): Promise<Peer> {
  const server = createServer({ allowHalfOpen: true }, handle)
  return await listening(server)
}

/** A TCP server that sends back what it gets, and ends when its client does. */
export async function tcpEcho(): Promise<Peer> {
  return await rawServer((socket) => socket.pipe(socket))
}

/** An HTTP server without WebSockets. */
export async function httpServer(handle: RequestListener): Promise<Peer> {
  return await listening(createHttpServer(handle))
}

/**
 * A WebSocket server of the ws package that echoes messages; its sockets can be had through
 * `onConnection`.
 */
export async function wsEcho(
  options: ServerOptions = {},
): Promise<Peer & { server: WebSocketServer }> {
  const http = createHttpServer()
  const server = new WebSocketServer({ server: http, ...options })
  server.on('connection', (socket) => {
    socket.on('error', () => undefined)
    socket.on('message', (data, binary) => socket.send(data, { binary }))
  })
  const peer = await listening(http)
  return { ...peer, server }
}

export async function listening(server: Server): Promise<Peer> {
  const sockets = new Set<Socket>()
  server.on('connection', (socket: Socket) => {
    socket.on('error', () => undefined)
    sockets.add(socket)
    socket.once('close', () => sockets.delete(socket))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    port: (server.address() as AddressInfo).port,
    sockets,
    close() {
      server.close()
      for (const socket of sockets) socket.destroy()
    },
  }
}
