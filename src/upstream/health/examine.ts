import type { Socket } from 'node:net'
import type { Server } from '../../config/server-url.ts'

/**
 * Finds out over a fresh connection whether a server is well; rejects with why it is not, and with
 * the signal's reason. Whoever made the socket destroys it afterwards.
 */
export type Examine = (socket: Socket, server: Server, signal: AbortSignal) => Promise<void>

/** Who asks, for the logs of servers. */
export const checkAgent = 'drawbridge-health'
