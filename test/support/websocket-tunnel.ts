import { createServer } from 'node:net'
import { WebSocket, createWebSocketStream } from 'ws'
import { listening } from './peers.ts'
import type { Peer } from './peers.ts'

/**
 * A local port for programs that speak TCP only: each connection to it goes as binary messages
 * through a WebSocket of its own, and back, with the back-pressure of both.
 * @param subprotocol what each WebSocket offers
 */
export async function websocketTunnel(
  url: string,
  ca: string,
  subprotocol = 'binary',
): Promise<Peer> {
  const server = createServer((socket) => {
    const stream = createWebSocketStream(new WebSocket(url, [subprotocol], { ca }))
    // What ends one half ends the other; the program tells what it missed.
    stream.on('error', () => socket.destroy())
    socket.on('close', () => stream.destroy())
    socket.pipe(stream).pipe(socket)
  })
  return await listening(server)
}
