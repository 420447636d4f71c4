import type { Socket } from 'node:net'
import { GatewayError } from '../errors.ts'
import type { SessionFacts } from '../observe/connection-record.ts'
import { SessionRecord } from '../observe/session-record.ts'
import { Session } from '../relay/session.ts'
import type { Outcome } from '../relay/session.ts'
import { bridgeTcp } from '../relay/tcp-bridge.ts'
import { relayWebSocket } from '../relay/websocket-relay.ts'
import type { DialedWebSocket } from '../upstream/upstream.ts'
import type { Admitted, DialedBackend } from './dial.ts'
import { drop } from './dropped-session.ts'
import type { Route, Stages } from './stages.ts'
import { Stay } from './stay.ts'

/** From the 101 until both sockets have closed. A bug in between ends the session like any other end. */
export function serveSession(
  socket: Socket,
  dialed: DialedWebSocket | DialedBackend,
  { facts, proof, place }: { facts: SessionFacts } & Pick<Admitted, 'proof' | 'place'>,
  { limits, timeouts }: Route,
  stages: Stages,
): Promise<void> {
  const { sinks, sweep, ports, draining, graceMs } = stages
  const identity = proof?.identity
  const expiresAt = identity === undefined ? Infinity : identity.expiresAt + graceMs
  const session = new Session(facts, dialed.kind === 'tcp' ? 'bridge' : 'websocket', expiresAt)
  const record = new SessionRecord(sinks, session)
  const stay = new Stay(session, record, [place, dialed.lease], stages)
  let ended: Promise<Outcome> | undefined
  try {
    record.opened()
    stages.sessionOpened()
    const onLimit = record.overLimit.bind(record)
    const options = { limits, timeouts, sweep, ports: ports(), onLimit }
    ended =
      dialed.kind === 'websocket'
        ? relayWebSocket(session, socket, dialed.socket, { ...options, deflate: dialed.deflate })
        : bridgeTcp(session, socket, dialed.socket, { ...options, messages: dialed.messages })
    // A drain or a revocation that came during the dial has not seen this session.
    if (draining()) session.close(new GatewayError('draining', 'the gateway is shutting down'))
    dialed.lease.onRemoved(session.close.bind(session))
    stay.begin(proof)
  } catch (thrown) {
    const error = GatewayError.from(thrown)
    session.close(error)
    ended ??= Promise.resolve(drop(session, [socket, dialed.socket], error))
  }
  return ended.then(stay.over)
}
