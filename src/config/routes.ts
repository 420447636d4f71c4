import { z } from 'zod'
import { AddressRules } from './address-rules.ts'
import { parseHostPattern } from './host-pattern.ts'
import { RouteIdentity } from './identity.ts'
import { RouteLimits } from './limits.ts'
import { isOriginPattern } from './origin-pattern.ts'
import { isPathPattern } from './path-pattern.ts'
import { protocols } from './protocols.ts'
import { Clock, Name, oneOrMore, Path, text } from './scalars.ts'
import { Targets } from './targets.ts'
import { RouteTimeouts } from './timeouts.ts'
import { isToken } from './token.ts'
import { SendProxyProtocol, UpstreamTls } from './upstreams.ts'

const HostPattern = text(
  parseHostPattern,
  'host',
  'a host such as app.example.com or *.example.com, without a port',
)

const PathPattern = text(
  (written) => (isPathPattern(written) ? written : undefined),
  'path pattern',
  'a path such as /chat or /chat/*, in ASCII: no blank, escape, ;, ?, #, //, dot segment or other *',
)

const Match = z.strictObject({
  host: oneOrMore(HostPattern, 'a host or a list of hosts', 1)
    .optional()
    .describe('Exact, or `*.example.com`; a port is ignored. A value or a list. Left out: any.'),
  path: oneOrMore(PathPattern, 'a path or a list of paths', 1)
    .optional()
    .describe(
      'Exact (a trailing slash too), or `/prefix/*` (the prefix itself too). A value or a list. Left out: any.',
    ),
  websocket: z
    .boolean()
    .optional()
    .describe('`true` takes upgrades only, `false` plain requests only. Left out: both.'),
})

const Origin = text(
  (written) => (isOriginPattern(written) ? written : undefined),
  'origin',
  'an origin as browsers send it, such as https://app.example.com or https://*.example.com (lower case, no path, ' +
    'no slash behind it, no default port), null or "*"',
)

const Subprotocol = text(
  (written) => (isToken(written) ? written : undefined),
  'subprotocol',
  'the name of a subprotocol, such as binary',
)

const statusForm = 'a status from 200 to 599'
const portForm = 'a port from 1 to 65535'

const TargetBridge = z.strictObject({
  targets: Targets.describe('Where each WebSocket is bridged to, as it says itself.'),
  tls: UpstreamTls.optional().describe(
    'TLS to every target, checked as this says; `{}` checks the usual way. Left out: raw TCP.',
  ),
  sendProxyProtocol: SendProxyProtocol,
  timeouts: z
    .strictObject({
      connect: Clock.prefault('5s').describe(
        'Time for the look-up of the name, TCP and TLS. `none` waits for ever.',
      ),
    })
    .prefault({})
    .describe('Deadlines of one attempt.'),
})

export const actions = ['proxy', 'bridge', 'static', 'respond', 'redirect'] as const

const action = {
  proxy: z
    .string()
    .optional()
    .describe('Name of the upstream that HTTP and WebSockets are relayed to.'),
  bridge: z
    .union([z.string(), TargetBridge], {
      error: 'the name of an upstream, or a mapping with targets',
    })
    .optional()
    .describe(
      'Name of the upstream whose raw bytes WebSocket messages carry, or targets that are found for each WebSocket.',
    ),
  static: Path.optional().describe(
    'Folder whose files are served; the matched prefix is stripped.',
  ),
  respond: z
    .strictObject({
      status: z
        .int({ error: statusForm })
        .min(200, { error: statusForm })
        .max(599, { error: statusForm })
        .describe('The status, 200 to 599.'),
      body: z.string().optional().describe('Plain text. Left out: none.'),
    })
    .optional()
    .describe('A fixed answer.'),
  redirect: z
    .union(
      [
        z.literal('https', { error: 'https, or a mapping with port' }),
        z.strictObject({
          port: z
            .int({ error: portForm })
            .min(1, { error: portForm })
            .max(65_535, { error: portForm })
            .describe('The port of the https URL.'),
        }),
      ],
      { error: 'https, or a mapping with port' },
    )
    .optional()
    .describe(
      '308 to `https://HOST`, path and query kept; a mapping names another port than 443. What came over https is for the routes behind it.',
    ),
} satisfies Record<(typeof actions)[number], z.ZodType>

export const Route = z.strictObject({
  name: Name.optional().describe('In logs and metrics. Left out: `route-N`, N from 1.'),
  match: Match.prefault({}).describe('Which requests. Left out: all.'),
  origins: oneOrMore(Origin, 'an origin or a list of origins')
    .optional()
    .describe(
      'Whose pages may open WebSockets here. A value or a list; `"*"` is any. Left out: the same origin as Host.',
    ),
  requireOrigin: z
    .boolean()
    .optional()
    .describe(
      '`true` refuses an upgrade without an Origin, which no browser sends. Left out: `true` where `auth` takes what browsers ' +
        'send unasked, cookies and client certificates; else `false`.',
    ),
  refuse: z
    .enum(['status', 'visible'])
    .prefault('status')
    .describe(
      'What an upgrade gets that is not let in: its status, or (`visible`) a WebSocket that is closed at once with 3000, 3003 or ' +
        '1013, which a page can see.',
    ),
  auth: oneOrMore(z.string(), 'the name of an authenticator or a list of names', 1)
    .optional()
    .transform((names = []) => names)
    .describe(
      'Names of authenticators; any of them lets pass. A value or a list. Default: everybody passes.',
    ),
  identity: RouteIdentity.prefault({}).describe(
    'How this route’s upstream learns who a client is.',
  ),
  clients: AddressRules.prefault({}).describe(
    'Whose requests this route serves. A client without an address fails any rule.',
  ),
  limits: RouteLimits.prefault({}).describe('Overrides `limits`, key by key.'),
  timeouts: RouteTimeouts.prefault({}).describe('Overrides `timeouts`, key by key.'),
  compression: z
    .enum(['pass', 'off'])
    .prefault('pass')
    .describe('`pass`: permessage-deflate end to end. `off`: the offer is taken out.'),
  ...action,
  protocol: z
    .enum(protocols)
    .optional()
    .describe(
      'What the service behind a bridge speaks: sets `subprotocols` and `timeouts.idle` where the route does not, and has the ' +
        'first bytes of a service that speaks first (`vnc`, `ssh`) checked before the 101. Left out: `raw`.',
    ),
  subprotocols: z
    .array(Subprotocol)
    .optional()
    .describe(
      'What a bridge answers when it is offered. Default: `[binary]`, with `protocol: mqtt` `[mqtt, mqttv3.1]`.',
    ),
  messages: z
    .enum(['binary', 'text'])
    .optional()
    .describe('What a bridge sends, and takes beside binary. Default: `binary`.'),
})
