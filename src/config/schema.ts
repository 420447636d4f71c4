import { z } from 'zod'
import { PeerRange } from './address-rules.ts'
import { Authenticator } from './authenticators.ts'
import { Identity } from './identity.ts'
import { Limits } from './limits.ts'
import { Listener } from './listeners.ts'
import { Route } from './routes.ts'
import {
  Bind,
  Clock,
  ClockOrZero,
  Count,
  CountOrAuto,
  Name,
  RateOrNone,
  SizeOrAuto,
  unbuilt,
} from './scalars.ts'
import { Timeouts } from './timeouts.ts'
import { Upstream } from './upstreams.ts'

const Admission = z.strictObject({
  connections: CountOrAuto.prefault('auto').describe(
    'Accepted sockets; `auto` is (soft limit of open files - 64) / 2. Beyond it 503. `none` lifts it.',
  ),
  connectionsPerClient: Count.optional().describe(
    'Sockets by the peer’s own address (IPv6: per /64). Beyond it 429. `none` lifts it. Left out: 200, which counts public ' +
      'addresses only; a value that is written counts everybody.',
  ),
  handshakesPerClient: RateOrNone.optional().describe(
    'Upgrades by the client’s address. Beyond it 429. `none` lifts it. Left out: 50/s, which counts public addresses ' +
      'only; a value that is written counts everybody.',
  ),
  requestsPerClient: RateOrNone.prefault('none').describe(
    'Plain requests by the client’s address. Beyond it 429. `none` lifts it.',
  ),
  memory: SizeOrAuto.prefault('auto').describe(
    'Resident memory, beyond which upgrades get 503; `auto` is 85 % of the container’s or machine’s. `none` lifts it.',
  ),
})

const Log = z.strictObject({
  level: z
    .enum(['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'])
    .prefault('info')
    .describe('The least that is logged. `silent` is off.'),
  format: z
    .enum(['auto', 'pretty', 'json'])
    .prefault('auto')
    .describe('`auto` is pretty on a terminal, else json.'),
})

const Monitor = z.strictObject({
  bind: Bind.describe('Where `/livez`, `/readyz` and `/metrics` are served, and nothing else.'),
})

const Sessions = z.strictObject({
  recheck: Clock.prefault('none').describe(
    'How often a forward authenticator is asked again about a session. `none` is never.',
  ),
  grace: ClockOrZero.prefault('0s').describe(
    'How long a session may outlive its credential. Then 3000. `0s` is not at all.',
  ),
})

const Drain = z.strictObject({
  delay: unbuilt('0s'),
  window: unbuilt('0s'),
  code: unbuilt(1001),
})

/**
 * The configuration as it is written. Every key says in its description: effect, unit, default, how
 * to switch off.
 */
export const ConfigFile = z.strictObject({
  workers: unbuilt(1),
  listeners: z
    .record(Name, Listener)
    .refine((listeners) => Object.keys(listeners).length > 0, { error: 'at least one listener' })
    .describe('Where clients come in, by name.'),
  trustedProxies: z
    .array(PeerRange)
    .prefault([])
    .describe(
      'Whose X-Forwarded-For and X-Forwarded-Proto are believed: addresses, CIDRs, or `unix` for peers on unix sockets. ' +
        'Default: nobody’s.',
    ),
  admission: Admission.prefault({}).describe(
    'Who may come in at all, counted over the whole gateway.',
  ),
  identity: Identity.prefault({}).describe('How upstreams learn who a client is.'),
  authenticators: z
    .record(Name, Authenticator)
    .prefault({})
    .describe(
      'Ways to prove who one is, by name. Each has exactly one of `jwt`, `basic`, `apiKey`, `forward`, `certificate`, `ticket`.',
    ),
  upstreams: z.record(Name, Upstream).prefault({}).describe('Where routes lead, by name.'),
  routes: z
    .array(Route)
    .min(1)
    .describe(
      'The first that matches. Each has exactly one of `proxy`, `bridge`, `static`, `respond`, `redirect`.',
    ),
  limits: Limits.prefault({}).describe('What one session may do.'),
  timeouts: Timeouts.prefault({}).describe('Clocks and deadlines.'),
  sessions: Sessions.prefault({}).describe('How a login ends the sessions that began with it.'),
  drain: Drain.optional().describe('How sessions end at a shutdown.'),
  monitor: Monitor.optional().describe('Health and metrics. Left out: not served.'),
  log: Log.prefault({}).describe('To stdout, one line per event.'),
})

/**
 * What the schema makes of a file: units read, defaults filled in, routes not yet merged with the
 * global settings.
 */
export type CheckedFile = z.output<typeof ConfigFile>
