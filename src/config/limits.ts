import { z } from 'zod'
import type { RateLimit } from './settled/limits.ts'
import { eachWay } from './directions.ts'
import type { Rate } from './rate.ts'
import { BufferSize, ByteRateOrNone, Count, RateOrNone, Size, SizeAboveZero } from './scalars.ts'

/** The largest message of one direction, and what happens to a larger one. */
export interface MessageLimit {
  readonly max: number
  readonly over: 'close' | 'log'
}

const PlainMessage = Size.transform((max): MessageLimit => ({ max, over: 'close' }))

const Message = eachWay(
  [
    PlainMessage,
    z.strictObject({
      max: Size.describe('The size. `none` lifts it.'),
      over: z
        .enum(['close', 'log'])
        .prefault('close')
        .describe(
          '`close` ends the session with 1009, `log` only counts and tells, once per session.',
        ),
    }),
  ],
  'messages',
  'a size such as 1MiB, none, or a mapping with max and over',
).describe(
  'Largest WebSocket message: wire bytes, fragments summed. Beyond it 1009. One value is for both ways. `none` lifts it. ' +
    'On a bridge `none` unless its route says otherwise.',
)

const burstForm = 'a whole number above 0'
const BurstCount = z.int({ error: burstForm }).min(1, { error: burstForm })

/** A rate, or a mapping that says more of it. */
function rateForms(
  rate: z.ZodType<Rate, string>,
  burst: z.ZodType<number>,
): readonly [z.ZodType<RateLimit>, z.ZodType<RateLimit>] {
  const mapping = z
    .strictObject({
      max: rate.describe('The rate. `none` lifts it.'),
      burst: burst.optional().describe('How much may come at once. Left out: one second’s worth.'),
      over: z
        .enum(['throttle', 'close', 'log'])
        .prefault('throttle')
        .describe(
          '`throttle` reads more slowly, `close` ends the session with 1008, `log` only counts and tells, once per session.',
        ),
    })
    .transform((limit): RateLimit => ({
      rate: limit.max,
      burst: limit.burst ?? secondsWorth(limit.max),
      over: limit.over,
    }))
  const plain = rate.transform((written): RateLimit => ({
    rate: written,
    burst: secondsWorth(written),
    over: 'throttle',
  }))
  return [plain, mapping]
}

function secondsWorth(rate: Rate): number {
  return Math.max(1, Math.ceil((rate.count * 1000) / rate.perMs))
}

const countForms = rateForms(RateOrNone, BurstCount)
const rateForm = 'a rate such as 50/s, none, or a mapping with max, burst and over'

const ControlFrameRate = z
  .union(countForms, { error: rateForm })
  .describe(
    'Pings, pongs and Closes that one side may send. A plain value throttles. `none` lifts it.',
  )

const MessageRate = eachWay(countForms, 'messages', rateForm).describe(
  'Data messages. A plain value throttles, both ways. `none` lifts it.',
)

const ByteRate = eachWay(
  rateForms(ByteRateOrNone, SizeAboveZero),
  'data',
  'a rate such as 1MiB/s, none, or a mapping with max, burst and over',
).describe('Payload bytes of data messages. A plain value throttles, both ways. `none` lifts it.')

const Buffer = BufferSize.describe(
  'Bytes held per direction before the sender is paused. `none` holds everything.',
)
const Body = Size.describe('Request body of plain HTTP. Beyond it 413. `none` lifts it.')
const Sessions = Count.describe('WebSockets of one route at once. Beyond it 503. `none` lifts it.')
const SessionsPerClient = Count.describe(
  'WebSockets at once of one client address (IPv6: per /64), over all routes that have the global limit, or on one with its own. ' +
    'Beyond it 429. `none` lifts it.',
)
const SessionsPerIdentity = Count.describe(
  'The same of one identity. Beyond it 429. `none` lifts it.',
)

export const Limits = z.strictObject({
  message: Message.prefault({ fromClient: '1MiB', fromUpstream: 'none' }),
  messageRate: MessageRate.prefault('none'),
  byteRate: ByteRate.prefault('none'),
  controlFrameRate: ControlFrameRate.prefault({ max: '50/s', over: 'close' }),
  sessions: Sessions.prefault('none'),
  sessionsPerClient: SessionsPerClient.prefault('none'),
  sessionsPerIdentity: SessionsPerIdentity.prefault('none'),
  buffer: Buffer.prefault('64KiB'),
  body: Body.prefault('100MiB'),
})

/** A route's own: what is left out is as in the global `limits`. */
export const RouteLimits = z.strictObject({
  message: Message.optional(),
  messageRate: MessageRate.optional(),
  byteRate: ByteRate.optional(),
  controlFrameRate: ControlFrameRate.optional(),
  sessions: Sessions.optional(),
  sessionsPerClient: SessionsPerClient.optional(),
  sessionsPerIdentity: SessionsPerIdentity.optional(),
  buffer: Buffer.optional(),
  body: Body.optional(),
})
