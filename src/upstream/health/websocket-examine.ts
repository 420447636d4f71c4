import { once } from 'node:events'
import type { Socket } from 'node:net'
import type { WebSocketCheck } from '../../config/settled/health.ts'
import { authorityOf } from '../authority.ts'
import { shakeHands } from '../dial-websocket.ts'
import { encodeClose } from '../../websocket/encode.ts'
import { checkAgent } from './examine.ts'
import type { Examine } from './examine.ts'

/** What a server may still send before its own Close. */
const maxLateBytes = 65_536

/**
 * Shakes hands as for a session, with the same look at the 101, and takes its leave with 1000: a
 * server that has stopped accepting sessions, or whose upgrade is broken behind an HTTP answer that
 * is fine, is found out.
 */
export function examineWebSocket({ path, host }: WebSocketCheck): Examine {
  return async (socket, server, signal) => {
    const headers = ['Host', host ?? authorityOf(server), 'User-Agent', checkAgent]
    const offer = { target: path, headers, protocols: [], extensions: [] }
    const dialed = await shakeHands(socket, server, offer, { handshakeMs: Infinity, signal })
    if (dialed.kind === 'websocket') {
      await leave(dialed.socket, signal)
      return
    }
    dialed.body.on('error', () => {
      // It is not read.
    })
    throw new Error(`the upgrade was answered with ${dialed.status}`)
  }
}

/** The server is given the time that is left to close in good order; that it does not is no fault. */
async function leave(socket: Socket, signal: AbortSignal): Promise<void> {
  let bytes = 0
  socket.on('data', (chunk: Buffer) => {
    bytes += chunk.length
    if (bytes > maxLateBytes) socket.destroy()
  })
  socket.once('end', () => socket.destroy())
  // The handshake has left it paused, which a listener does not change.
  socket.resume()
  socket.write(encodeClose({ code: 1000, reason: '' }, true))
  try {
    if (!socket.destroyed) await once(socket, 'close', { signal })
  } catch {
    // The time is over, or the schedule; whoever made the socket destroys it.
  }
}
