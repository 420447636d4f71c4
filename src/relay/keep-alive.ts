import type { Socket } from 'node:net'
import { keepAliveDelayMs } from '../config/fixed-limits.ts'

/**
 * Leaves it to the kernel to find out that a peer has vanished, where our pings would not, or later.
 * @param pingMs the silence after which the peer is pinged; Infinity for never
 */
export function watchOver(socket: Socket, pingMs: number): void {
  if (pingMs > keepAliveDelayMs) socket.setKeepAlive(true, keepAliveDelayMs)
}
