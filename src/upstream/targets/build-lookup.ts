import type { TargetLookupConfig } from '../../config/settled/targets.ts'
import { FileLookup } from './file-lookup.ts'
import { HttpLookup } from './http-lookup.ts'
import { RedisLookup } from './redis-lookup.ts'
import { claimedTarget, namedTarget } from './stated-lookup.ts'
import type { TargetLookup } from './target-lookup.ts'

/** @param warn told of what an operator should see to; never of a token */
export function buildLookup(
  config: TargetLookupConfig,
  warn: (detail: string) => void,
): TargetLookup {
  switch (config.kind) {
    case 'file':
      return new FileLookup(config.path, warn)
    case 'redis':
      return new RedisLookup(config)
    case 'http':
      return new HttpLookup(config)
    case 'claims':
      return claimedTarget
    case 'direct':
      return namedTarget
  }
}
