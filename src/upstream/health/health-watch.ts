import type { Socket } from 'node:net'
import type { EjectionConfig, HealthConfig } from '../../config/settled/health.ts'
import type { Member, MemberHealth } from '../member.ts'
import { buildExamine } from './build-examine.ts'
import type { Examine } from './examine.ts'
import { MemberWatch } from './member-watch.ts'
import type { HealthChange } from './member-watch.ts'

export interface HealthSettings {
  readonly health?: HealthConfig
  readonly ejection?: EjectionConfig
  readonly slowStart?: number
}

export interface HealthParts {
  /** Connects as for a session, but on the gateway's own behalf, and without counting it. */
  readonly connect: (member: Member, signal: AbortSignal) => Promise<Socket>
  readonly changed: (member: Member, change: HealthChange) => void
  /** From 0 to below 1. */
  readonly random: () => number
}

/** Watches the health of a pool's members, each by checks and connects of its own. */
export class HealthWatch {
  readonly #settings: HealthSettings
  readonly #parts: HealthParts
  readonly #examine: Examine | undefined

  constructor(settings: HealthSettings, parts: HealthParts) {
    this.#settings = settings
    this.#parts = parts
    this.#examine = settings.health && buildExamine(settings.health.check)
  }

  /** Goes on from what was known of the member, whoever watched it: over reloads and look-ups. */
  watch(member: Member): MemberHealth {
    const { health, ejection, slowStart = 0 } = this.#settings
    const { random, changed } = this.#parts
    const before = member.health instanceof MemberWatch ? member.health : undefined
    before?.stop()
    const check = (signal: AbortSignal): Promise<void> => this.#check(member, signal)
    const checks = health && { ...health, check }
    return new MemberWatch(
      member,
      { checks, ejection, slowStartMs: slowStart, random, changed },
      before,
    )
  }

  async #check(member: Member, signal: AbortSignal): Promise<void> {
    const socket = await this.#parts.connect(member, signal)
    try {
      await this.#examine?.(socket, member.server, signal)
    } finally {
      socket.destroy()
    }
  }
}
