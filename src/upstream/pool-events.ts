import type { HealthChange } from './health/member-watch.ts'
import type { PanicCount } from './health/panic.ts'

/** What a pool tells of its servers when it happens. */
export interface PoolEvents {
  /** @param server as `PoolReport` names it */
  readonly serverChanged: (server: string, change: HealthChange) => void
  /** All are used from now on, whatever their health is; or no longer. */
  readonly panicChanged: (on: boolean, count: PanicCount) => void
}

/** For those who do not listen. */
export const untold: PoolEvents = {
  serverChanged: () => undefined,
  panicChanged: () => undefined,
}
