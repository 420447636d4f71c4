import { z } from 'zod'
import { Clock } from './scalars.ts'

const idle = Clock.describe(
  'No byte of a data frame in either direction; control frames do not count. Then 1001. `none` is off.',
)
const ping = Clock.describe(
  'The edge pings a peer from which nothing has come for so long. `none` is off.',
)
const pong = Clock.describe(
  'It ends a peer that shows no sign of life in this time after the ping was sent. `none` is off.',
)
const stall = Clock.describe(
  'Bytes wait for a peer that takes none of them, or nothing of a request’s body comes. `none` is off.',
)
const lifetime = Clock.describe('The longest a session may last. Then 1001. `none` is off.')
const closing = Clock.describe(
  'For the close handshake, a half-closed bridge, and a shutdown as a whole. `none` waits for ever.',
)

export const Timeouts = z.strictObject({
  handshake: Clock.prefault('10s').describe(
    'One deadline from accept for TLS and the request head together; a later head: from its first byte. `none` is off.',
  ),
  idle: idle.prefault('none'),
  ping: ping.prefault('30s'),
  pong: pong.prefault('20s'),
  stall: stall.prefault('60s'),
  lifetime: lifetime.prefault('none'),
  closing: closing.prefault('5s'),
  keepAlive: Clock.prefault('65s').describe('An idle HTTP connection is closed. `none` is off.'),
})

/** A route's own: what is left out is as in the global `timeouts`. */
export const RouteTimeouts = z.strictObject({
  idle: idle.optional(),
  ping: ping.optional(),
  pong: pong.optional(),
  stall: stall.optional(),
  lifetime: lifetime.optional(),
  closing: closing.optional(),
})
