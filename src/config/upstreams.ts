import { z } from 'zod'
import { parseHost } from './host-name.ts'
import { Clock, Path, text, unbuilt } from './scalars.ts'
import { parseServer } from './server-url.ts'

const ServerUrl = text(
  parseServer,
  'URL',
  'a URL such as http://10.0.0.5:9001, tcp://10.0.0.5:5900 or unix:/path (http, https, ws, wss, tcp or tls; ' +
    'a port, which tcp and tls need; no user, path or query)',
)

const WeightedServer = z
  .strictObject({
    url: ServerUrl.describe('The server.'),
    weight: unbuilt(1),
  })
  .transform(({ url }) => url)

const UpstreamTls = z.strictObject({
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
})

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
    .array(z.union([ServerUrl, WeightedServer], { error: 'a URL, or a mapping with url' }))
    .min(1)
    .describe(
      'Taken in turn; the next one where a connect fails. `http(s)://` or `ws(s)://` (the same) for `proxy`, `tcp://` or ' +
        '`tls://` for `bridge`; `unix:/path` is HTTP under `proxy` and raw under `bridge`.',
    ),
  balance: unbuilt('round-robin'),
  tls: UpstreamTls.prefault({}).describe('How https, wss and tls servers are checked.'),
  preserveHost: z
    .boolean()
    .prefault(true)
    .describe('The server sees the client’s Host. `false` sends the host of the URL.'),
  timeouts: UpstreamTimeouts.prefault({}).describe('Deadlines of one attempt.'),
})
