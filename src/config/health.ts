import { z } from 'zod'
import { Span, oneOrMore, text } from './scalars.ts'
import { parseStatuses } from './status-range.ts'

/** What a check can look at: a mapping names exactly one. */
export const checks = ['path', 'tcp', 'websocket'] as const

const CheckPath = text(
  // Visible ASCII, as it goes into a request line; a fragment never does.
  (written) => (/^\/[!-"$-~]*$/.test(written) && written.length <= 4096 ? written : undefined),
  'path',
  'a path such as /healthz, with a query or without',
)

const statusForm = 'a status such as 200, a range such as 200-399, or a list of them'

const Status = z.union(
  [
    z.int({ error: statusForm }).transform((status, context) => {
      const range = parseStatuses(String(status))
      if (range !== undefined) return range
      context.issues.push({ code: 'custom', message: statusForm, input: status })
      return z.NEVER
    }),
    text(parseStatuses, 'range', statusForm),
  ],
  { error: statusForm },
)

const timesForm = 'a whole number from 1 to 100'
const Times = z
  .int({ error: timesForm })
  .min(1, { error: timesForm })
  .max(100, { error: timesForm })

const hostForm = 'a Host such as app.example.com or app.example.com:8080'

export const Health = z.strictObject({
  path: CheckPath.optional().describe('GETs this path; `status` and `body` say what is well.'),
  status: oneOrMore(Status, statusForm, 1)
    .optional()
    .describe(
      'Statuses that are well: `200`, `200-399`, or a list. Redirects are not followed. Left out: 200-399.',
    ),
  body: text((written) => (written === '' ? undefined : written), 'text', 'a text')
    .optional()
    .describe('A text that has to be in the first 8 KiB of the body. Left out: none.'),
  tcp: z
    .literal(true, { error: 'true' })
    .optional()
    .describe('Connects (over TLS where the server has it), and that is all.'),
  websocket: CheckPath.optional().describe(
    'Opens a WebSocket at this path and closes it again with 1000.',
  ),
  host: text(
    (written) => (/^[\w.:[\]-]{1,255}$/.test(written) ? written : undefined),
    'host',
    hostForm,
  )
    .optional()
    .describe('The Host of the checks with `path` or `websocket`. Left out: that of the URL.'),
  interval: Span.prefault('5s').describe(
    'From one check of a server to the next, a tenth more or less.',
  ),
  timeout: Span.prefault('2s').describe('Time for one check, the connect included.'),
  unhealthyAfter: Times.prefault(3).describe(
    'Failed checks in a row that mark a server down; the very first check does so alone.',
  ),
  healthyAfter: Times.prefault(2).describe('Passed checks in a row that mark it up again.'),
})

export const Ejection = z.union(
  [
    z.literal('none').transform(() => undefined),
    z.strictObject({
      after: Times.prefault(5).describe('Connects in a row that have to fail.'),
      time: Span.prefault('10s').describe(
        'How long it is out the first time. Each further time is twice as long.',
      ),
      max: Span.prefault('5m').describe('The longest time.'),
    }),
  ],
  { error: 'none, or a mapping with after, time and max' },
)
