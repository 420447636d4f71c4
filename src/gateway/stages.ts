import { randomBytes } from 'node:crypto'
import { AddressRules } from '../admission/addresses.ts'
import { Admission } from '../admission/admission.ts'
import { LocalLedger } from '../admission/local-ledger.ts'
import { LoginAttempts } from '../admission/login-attempts.ts'
import { MemoryWatch } from '../admission/memory-watch.ts'
import { openFilesLimit } from '../admission/open-files.ts'
import { Authenticators } from '../auth/build.ts'
import { Fingerprints } from '../auth/fingerprint.ts'
import { Logins } from '../auth/logins.ts'
import { PasswordChecks } from '../auth/password-checks.ts'
import { Rechecks } from '../auth/rechecks.ts'
import { Revocations } from '../auth/revocations.ts'
import type { Config } from '../config/config.ts'
import { foldHeaderName } from '../config/identity-header.ts'
import { VisibleRefusals } from '../handshake/visible-refusal.ts'
import { TrustedProxies } from '../listener/forwarded.ts'
import type { RefusalLog } from '../observe/refusal-log.ts'
import { logPanic, logServerChange } from '../observe/server-record.ts'
import type { Stages } from '../pipeline/stages.ts'
import { Sweep } from '../relay/sweep.ts'
import { Roster } from '../roster.ts'
import { UpstreamPool } from '../upstream/pool.ts'
import { Resolver } from '../upstream/resolve.ts'
import { buildLookup } from '../upstream/targets/build-lookup.ts'
import { TargetDialer } from '../upstream/targets/target-dialer.ts'
import type { GatewayParts } from './parts.ts'
import { buildRoutes, ownEndpoints } from './routes.ts'

/** The stages of a configuration, and what of them has to be taken down again. */
export interface BuiltStages {
  readonly stages: Stages
  readonly authenticators: Authenticators
  readonly pools: ReadonlyMap<string, UpstreamPool>
  readonly targets: readonly TargetDialer[]
}

/** What stages ask of the gateway they belong to. */
type Life = Pick<Stages, 'ports' | 'follow' | 'draining'> & { readonly refusals: RefusalLog }

/** @throws {Error} one line that says which file of credentials or keys cannot be used */
export function buildStages(config: Config, parts: GatewayParts, life: Life): BuiltStages {
  const { logger, metrics, resolver = new Resolver() } = parts
  const { refusals, ports, follow, draining } = life
  const sweep = new Sweep()
  const trust = new TrustedProxies(config.trustedProxies)
  const memory = new MemoryWatch(config.admission.memory, {
    warn: (detail) => logger.warn({ detail }, 'memory not watched'),
  })
  sweep.add(memory)
  const ledger = new LocalLedger()
  const admission = new Admission(config.admission, {
    ledger,
    memory,
    fileLimit: openFilesLimit(),
    trusted: trust,
    warn: (detail) => logger.warn({ detail }, 'default limit not enforced'),
  })
  const authenticators = new Authenticators(config.authenticators, {
    fingerprints: new Fingerprints(),
    checks: new PasswordChecks(),
    attempts: new LoginAttempts(ledger),
    now: () => Date.now(),
    clock: () => performance.now(),
    warn: (authenticator, { message }) =>
      logger.warn({ authenticator, detail: message }, 'authenticator'),
  })
  const logins = new Logins(
    new Revocations({
      now: () => Date.now(),
      asksAnew: (name) => config.authenticators[name]?.kind === 'forward',
      overflowed: () => logger.warn({}, 'a revocation was forgotten before its time'),
    }),
  )
  const rechecks = new Rechecks({
    intervalMs: config.sessions.recheck,
    authenticators: authenticators.all,
    warn: (detail) => logger.warn({ detail }, 'recheck failed, the session goes on'),
  })
  sweep.add(rechecks)
  const pools = new Map<string, UpstreamPool>()
  for (const [name, upstream] of Object.entries(config.upstreams)) {
    const pool = new UpstreamPool(name, upstream, resolver, {
      serverChanged: (server, change) =>
        logServerChange(logger, { upstream: name, server }, change),
      panicChanged: (on, count) => logPanic(logger, name, on, count),
    })
    pools.set(name, pool)
  }
  const targets: TargetDialer[] = []
  const routes = buildRoutes(config.routes, {
    pools,
    authenticators,
    targets: (settings) => {
      const lookup = buildLookup(settings.lookup, (detail) => logger.warn({ detail }, 'targets'))
      const dialer = new TargetDialer(settings, { lookup, resolver })
      targets.push(dialer)
      return dialer
    },
  })
  const stages: Stages = {
    trust,
    ...routes,
    endpoints: ownEndpoints(authenticators),
    listeners: new Map(
      Object.entries(config.listeners).map(([name, { clients }]) => [
        name,
        new AddressRules(clients),
      ]),
    ),
    admission,
    identityHeaders: new Set(config.ownedHeaders.map(foldHeaderName)),
    logins,
    rechecks,
    logouts: authenticators.logouts,
    graceMs: config.sessions.grace,
    visibleRefusals: new VisibleRefusals(),
    sessions: new Roster(),
    sweep,
    ports,
    sinks: { logger, metrics, refusals },
    nextId: idSource(),
    follow,
    draining,
    sessionOpened: parts.sessionOpened ?? (() => undefined),
  }
  return { stages, authenticators, pools, targets }
}

/**
 * Ids that name a request or a session in the log: unique in a process, and as good as unique among
 * many.
 */
function idSource(): () => string {
  const prefix = randomBytes(6).toString('base64url')
  let count = 0
  return () => `${prefix}-${(count++).toString(36)}`
}
