/**
 * The backend's process: on one port WebSockets whose messages come back and small HTTP answers, on
 * another raw bytes that come back. Says its ports to its parent.
 */
import { once } from 'node:events'
import type { AddressInfo, Server, Socket } from 'node:net'
import { rawServer } from '../raw-socket.ts'
import type { Sink } from '../raw-socket.ts'
import { stage } from './stage.ts'
import { WebConnection } from './web-connection.ts'

async function listen(accept: (socket: Socket) => Sink): Promise<Server> {
  const server = rawServer(accept)
  server.listen({ port: 0, host: '127.0.0.1', backlog: 4096 })
  await once(server, 'listening')
  return server
}

/**
 * Sends back what comes. It never pauses: what is under way is bounded by the load generator's
 * window.
 */
function echo(socket: Socket): Sink {
  // A load generator that is done tears its connections off.
  socket.on('error', () => socket.destroy())
  return (bytes, from, to) => {
    bytes.copy(stage.bytes, 0, from, to)
    stage.write(socket, to - from)
  }
}

function serveWeb(socket: Socket): Sink {
  const connection = new WebConnection(socket)
  return (bytes, from, to) => connection.read(bytes, from, to)
}

function portOf(server: Server): number {
  return (server.address() as AddressInfo).port
}

const web = await listen(serveWeb)
const tcp = await listen(echo)
process.send!({ web: portOf(web), tcp: portOf(tcp) })
process.once('disconnect', () => process.exit())
