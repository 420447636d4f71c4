/**
 * The backend's process: on one port WebSockets whose messages come back and small HTTP answers, on
 * another raw bytes that come back. Says its ports to its parent.
 */
import { once } from 'node:events'
import { createServer } from 'node:net'
import type { AddressInfo, Server, Socket } from 'node:net'
import { WebConnection } from './web-connection.ts'

async function listen(accept: (socket: Socket) => void): Promise<Server> {
  const server = createServer({ noDelay: true }, accept)
  server.listen({ port: 0, host: '127.0.0.1', backlog: 4096 })
  await once(server, 'listening')
  return server
}

/**
 * Sends back what comes. It never pauses: what is under way is bounded by the load generator's
 * window.
 */
function echo(socket: Socket): void {
  socket.on('data', (chunk: Buffer) => socket.write(chunk))
  // A load generator that is done tears its connections off.
  socket.on('error', () => socket.destroy())
}

function portOf(server: Server): number {
  return (server.address() as AddressInfo).port
}

const web = await listen((socket) => new WebConnection(socket))
const tcp = await listen(echo)
process.send!({ web: portOf(web), tcp: portOf(tcp) })
process.once('disconnect', () => process.exit())
