import type { ServerConfig } from '../config/settled/upstreams.ts'
import type { MemberSettings } from './member.ts'

/**
 * Finds out which members a configured server stands for, now and whenever that changes.
 * @param found called once or more before this returns, so that a pool is never without members
 * @returns stops it
 */
export type Discover = (
  config: ServerConfig,
  found: (members: readonly MemberSettings[]) => void,
) => () => void
