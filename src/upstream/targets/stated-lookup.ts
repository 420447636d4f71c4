import { GatewayError } from '../../errors.ts'
import { parseTarget, readTarget } from './target.ts'
import { unavailable } from './target-lookup.ts'
import type { TargetLookup } from './target-lookup.ts'

/** The claim of a login says itself where it leads: as text, or as JSON. */
export const claimedTarget: TargetLookup = {
  find: async (claim) => {
    const target = readTarget(claim)
    if (target === undefined) throw unavailable('the claim is no host and port')
    return target
  },
}

/** The client says itself where it wants to go. That it may is for the policy to say. */
export const namedTarget: TargetLookup = {
  find: async (text) => {
    const target = parseTarget(text)
    if (target === undefined) {
      throw new GatewayError('target-denied', 'what the client names is no host and port')
    }
    return target
  },
}
