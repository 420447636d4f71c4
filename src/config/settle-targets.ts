import { resolve } from 'node:path'
import type { RedisLookupConfig, TargetLookupConfig, TargetsConfig } from './settled/targets.ts'
import { defined } from './objects.ts'
import type { CheckedFile } from './schema.ts'
import { Secret } from './secret.ts'
import { settleUpstreamTls } from './settle-upstream-tls.ts'

type CheckedBridge = Exclude<NonNullable<CheckedFile['routes'][number]['bridge']>, string>
type CheckedLookup = Exclude<CheckedBridge['targets']['lookup'], string>

/** What the stages make a bridge to targets of: its lookup's kind, paths absolute. */
export function settleTargets(bridge: CheckedBridge, folder: string): TargetsConfig {
  const { targets, tls, sendProxyProtocol, timeouts } = bridge
  const { from, lookup, allow, deny = [] } = targets
  return {
    from,
    lookup: typeof lookup === 'string' ? { kind: lookup } : settleLookup(lookup, folder),
    ...defined({ allow }),
    deny,
    ...(tls && { tls: settleUpstreamTls(tls, folder) }),
    ...defined({ sendProxyProtocol }),
    timeouts,
  }
}

function settleLookup({ file, redis, http }: CheckedLookup, folder: string): TargetLookupConfig {
  if (file !== undefined) return { kind: 'file', path: resolve(folder, file) }
  if (redis !== undefined) return settleRedis(redis)
  return { kind: 'http', ...http! }
}

function settleRedis(redis: NonNullable<CheckedLookup['redis']>): RedisLookupConfig {
  const { url, namespace, timeout } = redis
  const { host = '127.0.0.1', port = 6379, db = 0, password } = redis
  if (url === undefined) {
    const own = { host, port, db, tls: false, namespace, timeout }
    return { kind: 'redis', ...own, ...defined({ password }) }
  }
  return {
    kind: 'redis',
    host: url.host,
    port: url.port,
    db: url.db,
    tls: url.tls,
    namespace,
    timeout,
    ...defined({
      username: url.username,
      password: url.password === undefined ? undefined : new Secret(url.password),
    }),
  }
}
