import type { Socket } from 'node:net'
import type { GatewayError } from '../errors.ts'
import type { Outcome, Session } from '../relay/session.ts'
import { abnormalCode } from '../websocket/close-code.ts'

/** Cuts both sides of a session that nothing came to carry. @returns how it ended */
export function drop(
  { received, sent, durationMs }: Session,
  sockets: readonly Socket[],
  error: GatewayError,
): Outcome {
  // Whoever listened for their errors may have let go of them already.
  for (const socket of sockets) socket.on('error', () => undefined).destroy()
  const verdict = { closedBy: 'gateway', code: abnormalCode, reason: '', error } as const
  return { ...verdict, expired: false, durationMs, received, sent }
}
