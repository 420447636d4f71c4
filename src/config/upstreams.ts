import { z } from 'zod'
import { Balance } from './balance.ts'
import { Ejection, Health } from './health.ts'
import { parseHost } from './host-name.ts'
import { Clock, ClockOrZero, Count, Path, Span, text } from './scalars.ts'
import { Secret } from './secret.ts'
import { parseServer } from './server-url.ts'
import { isToken } from './token.ts'

const ServerUrl = text(
  parseServer,
  'URL',
  'a URL such as http://10.0.0.5:9001, tcp://10.0.0.5:5900, srv://_http._tcp.example.com or unix:/path (http, https, ws, wss, tcp or tls; ' +
    'a port, which tcp and tls need; no user, path or query)',
)

const weightForm = 'a whole number from 1 to 1000'

const ServerMapping = z.strictObject({
  url: ServerUrl.describe('The server.'),
  weight: z
    .int({ error: weightForm })
    .min(1, { error: weightForm })
    .max(1000, { error: weightForm })
    .prefault(1)
    .describe('Its share of what comes, relative to the others’: 1 to 1000.'),
  maxConnections: Count.optional().describe(
    'Overrides the `maxConnections` of its upstream for this server.',
  ),
})

const Sticky = z.strictObject({
  cookie: text(
    (name) => (isToken(name) ? name : undefined),
    'name',
    'the name of a cookie',
  ).describe('Its name. The gateway sets it, and reads it from requests and upgrades.'),
  secret: text((written) => new Secret(written), 'text', 'a text')
    .optional()
    .describe(
      'Mixed into the value, so that nobody who guesses a server’s URL can tell that it is this one. Best `${NAME}` or `${file:…}`; ' +
        'the same for all gateways that share the clients.',
    ),
  sameSite: z
    .enum(['lax', 'strict', 'none'])
    .prefault('lax')
    .describe('Its SameSite. `none` is for pages of other sites; it needs https.'),
})

const queueForm = 'a whole number above 0'

const Queue = z.union(
  [
    z.literal('none').transform(() => undefined),
    z.strictObject({
      max: z
        .int({ error: queueForm })
        .min(1, { error: queueForm })
        .describe('How many may wait at once. Beyond it 503.'),
      timeout: Span.prefault('5s').describe('How long one waits before it gets 503.'),
    }),
  ],
  { error: 'none, or a mapping with max and timeout' },
)

const retriesForm = 'a whole number from 0 to 100'

export const UpstreamTls = z.strictObject({
  ca: Path.optional().describe(
    'PEM file of the authorities that may sign the server’s certificate. Left out: those that Node knows.',
  ),
  servername: text(
    (name) =>
      parseHost(name) === name.toLowerCase() && /[a-z]/i.test(name) && !name.startsWith('[')
        ? name.toLowerCase()
        : undefined,
    'host name',
    'a host name',
  )
    .optional()
    .describe(
      'The name sent as SNI and looked for in the certificate. Left out: the host of the URL.',
    ),
  verify: z
    .boolean()
    .prefault(true)
    .describe('Whether the server’s certificate is checked. `false` takes any.'),
  cert: Path.optional().describe(
    'PEM file with the certificate that the gateway shows servers that ask for one, and the chain behind it. Left out: none.',
  ),
  key: Path.optional().describe('PEM file with its private key, without a passphrase.'),
})

export const SendProxyProtocol = z
  .enum(['v1', 'v2'])
  .optional()
  .describe(
    'Each connection begins with a PROXY header that tells the client’s address; `v2` tells who it is besides. The servers have to ' +
      'expect it. Requests are then a connection each. Left out: none is sent.',
  )

const UpstreamTimeouts = z.strictObject({
  connect: Clock.prefault('5s').describe(
    'Time for the look-up of the name, TCP and TLS, per server. `none` waits for ever.',
  ),
  handshake: Clock.prefault('10s').describe(
    'Time for the answer to a WebSocket handshake. `none` waits for ever.',
  ),
  response: Clock.prefault('60s').describe(
    'Time to the first byte of an HTTP answer. `none` waits for ever.',
  ),
})

export const Upstream = z.strictObject({
  servers: z
    .array(z.union([ServerUrl, ServerMapping], { error: 'a URL, or a mapping with url' }))
    .min(1)
    .describe(
      '`http(s)://` or `ws(s)://` (the same) for `proxy`, `tcp://` or `tls://` for `bridge`; `srv://name` (a SRV record) and ' +
        '`unix:/path` are HTTP under `proxy` and raw under `bridge`. A name is as many servers as it has addresses.',
    ),
  balance: Balance.prefault('round-robin').describe(
    'Which server is next: `round-robin`; `least-connections`, the one with the fewest sessions and requests in progress; ' +
      '`random-two`, the emptier one of two drawn at random; `{ hash: KEY }`, the same one for the same key. All by weight.',
  ),
  sticky: Sticky.optional().describe(
    'Binds a browser to the server that it first came to, by a cookie. Left out: nothing does.',
  ),
  retries: z
    .int({ error: retriesForm })
    .min(0, { error: retriesForm })
    .max(100, { error: retriesForm })
    .prefault(3)
    .describe(
      'Further servers that are tried where one cannot be connected to. `0` tries none. What has been written to one goes to no other.',
    ),
  maxConnections: Count.prefault('none').describe(
    'Sessions and requests that one server has at once, each. A full one is passed over; where all are full: `queue`. `none` lifts it.',
  ),
  queue: Queue.prefault('none').describe(
    'Who may wait for a place where all servers are full. `none`: nobody, 503 at once.',
  ),
  onDown: z
    .enum(['keep', 'close'])
    .prefault('keep')
    .describe(
      'What becomes of the sessions of a server that is marked down, put into maintenance or removed: they go on, or are closed ' +
        'with 1012 `upstream-removed`.',
    ),
  health: Health.optional().describe(
    'How servers are checked: exactly one of `path`, `tcp`, `websocket`. One that is down gets nothing new. Left out: not at all.',
  ),
  ejection: Ejection.prefault({}).describe(
    'A server that cannot be connected to is taken out for a while. `none` is off.',
  ),
  slowStart: ClockOrZero.prefault('none').describe(
    'How long a server that has come back takes to get its whole share. `none` is at once.',
  ),
  tls: UpstreamTls.prefault({}).describe('How https, wss and tls servers are checked.'),
  sendProxyProtocol: SendProxyProtocol,
  preserveHost: z
    .boolean()
    .prefault(true)
    .describe('The server sees the client’s Host. `false` sends the host of the URL.'),
  timeouts: UpstreamTimeouts.prefault({}).describe('Deadlines of one attempt.'),
})
