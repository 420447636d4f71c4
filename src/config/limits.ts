import { z } from 'zod'
import type { Limits as LimitsOutput, RateLimit } from './config.ts'
import type { Rate } from './rate.ts'
import { BufferSize, RateOrNone, Size, unbuilt } from './scalars.ts'

const Message = z
  .union(
    [
      Size,
      z.strictObject({
        fromClient: Size.optional().describe('Of messages that the client sends.'),
        fromUpstream: Size.optional().describe('Of messages that the upstream sends.'),
      }),
    ],
    { error: 'a size such as 1MiB, none, or a mapping with fromClient and fromUpstream' },
  )
  .transform((limit): Partial<LimitsOutput['message']> =>
    typeof limit === 'number'
      ? { fromClient: limit, fromUpstream: limit }
      : withoutUndefined(limit),
  )
  .describe(
    'Largest WebSocket message: wire bytes, fragments summed. Beyond it 1009. One value is for both ways. `none` lifts it. ' +
      'On a bridge `none` unless its route says otherwise.',
  )

const burstForm = 'a whole number above 0'

const ControlFrameRate = z
  .union(
    [
      RateOrNone,
      z.strictObject({
        max: RateOrNone.describe('The rate. `none` lifts it.'),
        burst: z
          .int({ error: burstForm })
          .min(1, { error: burstForm })
          .optional()
          .describe('How many may come at once. Left out: one second’s worth.'),
        over: z
          .enum(['throttle', 'close', 'log'])
          .prefault('throttle')
          .describe(
            '`throttle` reads more slowly, `close` ends the session with 1008, `log` only counts and tells, once per session.',
          ),
      }),
    ],
    { error: 'a rate such as 50/s, none, or a mapping with max, burst and over' },
  )
  .transform((limit): RateLimit => {
    if ('count' in limit) return { rate: limit, burst: secondsWorth(limit), over: 'throttle' }
    return { rate: limit.max, burst: limit.burst ?? secondsWorth(limit.max), over: limit.over }
  })
  .describe(
    'Pings, pongs and Closes that one side may send. A plain value throttles. `none` lifts it.',
  )

const Buffer = BufferSize.describe(
  'Bytes held per direction before the sender is paused. `none` holds everything.',
)
const Body = Size.describe('Request body of plain HTTP. Beyond it 413. `none` lifts it.')

const unbuiltLimits = {
  messageRate: unbuilt('none'),
  byteRate: unbuilt('none'),
  sessions: unbuilt('none'),
  sessionsPerClient: unbuilt('none'),
  sessionsPerIdentity: unbuilt('none'),
}

export const Limits = z.strictObject({
  message: Message.prefault({ fromClient: '1MiB', fromUpstream: 'none' }),
  controlFrameRate: ControlFrameRate.prefault({ max: '50/s', over: 'close' }),
  buffer: Buffer.prefault('64KiB'),
  body: Body.prefault('100MiB'),
  ...unbuiltLimits,
})

/** A route's own: what is left out is as in the global `limits`. */
export const RouteLimits = z.strictObject({
  message: Message.optional(),
  controlFrameRate: ControlFrameRate.optional(),
  buffer: Buffer.optional(),
  body: Body.optional(),
  ...unbuiltLimits,
})

function secondsWorth(rate: Rate): number {
  return Math.max(1, Math.ceil((rate.count * 1000) / rate.perMs))
}

function withoutUndefined(limit: {
  fromClient?: number | undefined
  fromUpstream?: number | undefined
}): Partial<LimitsOutput['message']> {
  const { fromClient, fromUpstream } = limit
  return {
    ...(fromClient === undefined ? {} : { fromClient }),
    ...(fromUpstream === undefined ? {} : { fromUpstream }),
  }
}
