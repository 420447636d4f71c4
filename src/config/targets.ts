import { z } from 'zod'
import { parseEndpoint } from './endpoint.ts'
import { parseHost } from './host-name.ts'
import { parseRedisUrl } from './redis-url.ts'
import { Clock, Path, text } from './scalars.ts'
import { Secret } from './secret.ts'
import { parseTargetPlace } from './target-place.ts'
import { parseTargetRule } from './target-rule.ts'

/** One of these is the only key of a lookup that is a mapping. */
export const lookups = ['file', 'redis', 'http'] as const

const Rule = text(
  parseTargetRule,
  'target rule',
  'an address, CIDR or name, with or without ports, such as 10.0.0.0/8:22,5900-5999, db.internal:5432 or ' +
    '[2001:db8::]/32:22; or unix:/path, unix:/folder/*',
)

const wholeNumber = 'a whole number, 0 or above'

/** `url`, or `host` and what belongs to it; references.ts says so. */
const Redis = z.strictObject({
  url: text(
    parseRedisUrl,
    'URL',
    'a URL such as redis://:PASSWORD@10.0.0.5:6379/0, or rediss:// for TLS',
  )
    .optional()
    .describe('The server, in place of `host`, `port`, `db` and `password`.'),
  host: text(
    (written) => parseHost(written)?.replace(/^\[|\]$/g, ''),
    'host',
    'a name or an address',
  )
    .optional()
    .describe('The server.'),
  port: z
    .int({ error: 'a port from 1 to 65535' })
    .min(1, { error: 'a port from 1 to 65535' })
    .max(65_535, { error: 'a port from 1 to 65535' })
    .optional()
    .describe('Left out: 6379.'),
  db: z
    .int({ error: wholeNumber })
    .min(0, { error: wholeNumber })
    .optional()
    .describe('The number of the database. Left out: 0.'),
  password: text((written) => new Secret(written), 'text', 'a text')
    .optional()
    .describe('Best `${NAME}` or `${file:…}`. Left out: none.'),
  namespace: z
    .string()
    .prefault('')
    .describe('The key that is read is `NAMESPACE:TOKEN`; without a namespace the token itself.'),
  timeout: Clock.prefault('2s').describe(
    'Time for one lookup, connecting included. Then 502. `none` waits for ever.',
  ),
})

const Http = z.strictObject({
  url: text(
    (written) => {
      const [, authority = '', rest = ''] = /^(https?:\/\/[^/?#]+)(.*)$/is.exec(written) ?? []
      if (/[{}]/.test(authority) || !rest.includes('{token}')) return undefined
      return parseEndpoint(written.replaceAll('{token}', 'x')) && written
    },
    'URL template',
    'an http or https URL without user and fragment, with {token} in its path or query',
  ).describe(
    'Where a GET asks; `{token}` stands for the token, percent-encoded. 200 with `{ "host": …, "port": … }` names the target, ' +
      '404 says that there is none; anything else, a redirect too, is 502.',
  ),
  timeout: Clock.prefault('5s').describe(
    'Time for the whole answer. Then 502. `none` waits for ever.',
  ),
})

const Lookup = z.union(
  [
    z.literal('claims'),
    z.literal('direct'),
    z.strictObject({
      file: Path.optional().describe(
        'A file of lines `TOKEN: HOST:PORT` or `TOKEN: unix_socket:PATH`, or a folder of such files; read again when it changes.',
      ),
      redis: Redis.optional().describe(
        'A Redis server: values are `HOST:PORT`, or JSON `{"host": "HOST:PORT"}`.',
      ),
      http: Http.optional().describe('A server that is asked each time.'),
    }),
  ],
  { error: 'claims, direct, or a mapping with file, redis or http' },
)

export const Targets = z.strictObject({
  from: text(
    parseTargetPlace,
    '`query:NAME`, `header:NAME`, `path`, `host`, `identity:subject` or `identity:claims.NAME`',
    'query:NAME, header:NAME, path, host, identity:subject or identity:claims.NAME',
  ).describe(
    'What of a request says where it goes: the token. `path` is what follows the prefix of the route’s `match.path`; `host` is ' +
      'without its port. Tokens are never logged.',
  ),
  lookup: Lookup.describe(
    'How a token becomes a host and a port: by a `file`, `redis` or `http` lookup; `claims`: the claim says it itself; `direct`: ' +
      'the client says it itself, which needs `allow`.',
  ),
  allow: z
    .array(Rule)
    .min(1)
    .optional()
    .describe(
      'The only targets that may be dialled. Left out: any but loopback, link-local, multicast, reserved and metadata addresses and ' +
        'unix sockets, which have to be listed, each by an entry no wider than its own range.',
    ),
  deny: z
    .array(Rule)
    .optional()
    .describe('Targets that are never dialled, whatever `allow` says. Left out: none.'),
})
