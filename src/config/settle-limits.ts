import type { Limits, RouteLimits } from './settled/limits.ts'
import type { EachWay } from './directions.ts'
import type { MessageLimit } from './limits.ts'
import { defined } from './objects.ts'
import type { CheckedFile } from './schema.ts'

type CheckedLimits = CheckedFile['limits']

const noRate = {
  rate: { count: Infinity, perMs: 1000 },
  burst: Infinity,
  over: 'throttle',
} as const

/** The global limits. What a direction has that its limit does not name is the default again. */
export function settleLimits(limits: CheckedLimits): Limits {
  const { message, messageRate, byteRate, ...rest } = limits
  return {
    ...rest,
    ...mergeMessage(defaultMessage, message),
    messageRate: { fromClient: noRate, fromUpstream: noRate, ...messageRate },
    byteRate: { fromClient: noRate, fromUpstream: noRate, ...byteRate },
  }
}

/** A route's limits: its own, in place of those of the base. */
export function mergeLimits(
  base: Limits,
  own: CheckedFile['routes'][number]['limits'],
): RouteLimits {
  const { message, messageRate, byteRate, ...rest } = own
  return {
    ...base,
    ...defined(rest),
    ...mergeMessage(base, message),
    messageRate: { ...base.messageRate, ...messageRate },
    byteRate: { ...base.byteRate, ...byteRate },
    own: {
      sessionsPerClient: own.sessionsPerClient !== undefined,
      sessionsPerIdentity: own.sessionsPerIdentity !== undefined,
    },
  }
}

type MessageLimits = Pick<Limits, 'message' | 'messageOver'>

const closes = { fromClient: 'close', fromUpstream: 'close' } as const

const defaultMessage: MessageLimits = {
  message: { fromClient: 2 ** 20, fromUpstream: Infinity },
  messageOver: closes,
}

/**
 * What a bridge carries has no messages of its own: their size is the client's choice, and `buffer`
 * bounds the memory.
 */
export const noMessageLimit: MessageLimits = {
  message: { fromClient: Infinity, fromUpstream: Infinity },
  messageOver: closes,
}

function mergeMessage(base: MessageLimits, own: EachWay<MessageLimit> = {}): MessageLimits {
  const { fromClient, fromUpstream } = own
  return {
    message: {
      ...base.message,
      ...defined({ fromClient: fromClient?.max, fromUpstream: fromUpstream?.max }),
    },
    messageOver: {
      ...base.messageOver,
      ...defined({ fromClient: fromClient?.over, fromUpstream: fromUpstream?.over }),
    },
  }
}
