import { z } from 'zod'
import { parseEndpoint } from './endpoint.ts'
import { isCredentialHeader } from './identity-header.ts'
import { isPathPattern } from './path-pattern.ts'
import { parsePlace } from './place.ts'
import { Clock, ClockOrZero, oneOrMore, Path, RateOrNone, Span, text, words } from './scalars.ts'
import { Secret } from './secret.ts'
import { isToken } from './token.ts'

/** One of these is the key of every authenticator. */
export const methods = ['jwt', 'basic', 'apiKey', 'forward', 'certificate', 'ticket'] as const

export type Method = (typeof methods)[number]

/** These need a secret, all others a public key. */
export const hmacAlgorithms = ['HS256', 'HS384', 'HS512'] as const
const publicAlgorithms = [
  'RS256',
  'RS384',
  'RS512',
  'PS256',
  'PS384',
  'PS512',
  'ES256',
  'ES384',
  'ES512',
  'EdDSA',
  'Ed25519',
] as const

/** All that may be used; `none` never is. */
export const algorithms = [...hmacAlgorithms, ...publicAlgorithms] as const

const ticketPath = '/.drawbridge/ticket'
/** Where an OpenID provider tells of a logout. */
export const logoutPath = '/.drawbridge/backchannel-logout'

const From = oneOrMore(
  text(
    (written) => parsePlace(written, 'authorization'),
    '`header`, `query:NAME`, `cookie:NAME` or `subprotocol`',
    'header, query:NAME, cookie:NAME or subprotocol',
  ),
  'a place or a list of places',
  1,
)

const fromText = (header: string): string =>
  `Where the credential may stand; two at once are refused. \`header\` is ${header}, \`subprotocol\` the offers ` +
  '`bearer, CREDENTIAL` and `authorization.bearer.CREDENTIAL`. It is taken out of each of these places before anything is ' +
  'logged or sent upstream. A value or a list.'

const passCredential = z
  .boolean()
  .prefault(false)
  .describe('`true` sends the credential upstream, as Authorization.')

const HeaderName = text(
  (written) => (isCredentialHeader(written) ? written.toLowerCase() : undefined),
  'header',
  'the name of a header of letters, digits and dashes',
)

// What belongs to a connection or to a body is not the client's to say to the server that is asked.
const notSent =
  /^(?:connection|content-.*|expect|host|http2-settings|keep-alive|proxy|proxy-.*|te|trailer|transfer-encoding|upgrade|sec-websocket-.*|x-forwarded-(?:for|proto|host|uri|method))$/

const SentHeader = text(
  (written) => {
    const name = written.toLowerCase()
    return isToken(name) && !name.includes('_') && !notSent.test(name) ? name : undefined
  },
  'header',
  'the name of a header that says something of the client, not of its connection or body',
)

const someText = text((written) => written || undefined, 'text', 'a text that is not empty')

const secretForm = 'a secret of at least 32 bytes, best ${NAME} or ${file:path}'

const Claim = z
  .union([z.string(), z.number(), z.boolean()], { error: 'a text, a number, true or false' })
  .transform(String)

const Jwt = z.strictObject({
  secret: text(
    (written) => (Buffer.byteLength(written) >= 32 ? new Secret(written) : undefined),
    'text',
    secretForm,
  )
    .optional()
    .describe('The secret of an HMAC, 32 bytes at least: `${NAME}` or `${file:…}`.'),
  publicKey: text(
    (written) => written || undefined,
    'path or PEM',
    'a path, or a public key in PEM',
  )
    .optional()
    .describe('PEM file of the issuer’s public key, or its text.'),
  jwks: text(
    (written) => (written === '' || written.includes('\0') ? undefined : written),
    'URL or path',
    'an https URL, or a path',
  )
    .optional()
    .describe(
      'The issuer’s key set: an https URL (http for loopback addresses only), or a file. Exactly one of `secret`, ' +
        '`publicKey` and `jwks`.',
    ),
  issuer: someText.optional().describe('What `iss` must be. Left out: anything.'),
  audience: oneOrMore(someText, 'a text or a list of texts', 1)
    .optional()
    .describe('One of these must be in `aud`. A value or a list. Left out: anything.'),
  algorithms: oneOrMore(z.enum(algorithms), `${words(algorithms)}, or a list of these`, 1, 1)
    .optional()
    .describe(
      'The signatures that count; HS ones with `secret` only. Left out: those that fit the key.',
    ),
  clockTolerance: ClockOrZero.prefault('30s').describe(
    'How far the issuer’s clock may be off, for `exp` and `nbf`. A session ends at `exp` itself. `0s` is none.',
  ),
  require: z
    .record(z.string().min(1), oneOrMore(Claim, 'a value or a list of values', 1))
    .prefault({})
    .describe(
      'Claims, and the value or values of which each must have one (a list in the token: contain one). Else 403.',
    ),
  scopes: oneOrMore(
    text((written) => (/^[!#-[\]-~]+$/.test(written) ? written : undefined), 'scope', 'a scope'),
    'a scope or a list of scopes',
  )
    .prefault([])
    .describe('All of these must be in `scope` or `scp`. Else 403. A value or a list.'),
  from: From.prefault(['header']).describe(fromText('`Authorization: Bearer`')),
  passCredential,
  backchannelLogout: z
    .boolean()
    .prefault(false)
    .describe(
      `\`true\` takes OpenID Connect logout tokens at \`POST ${logoutPath}\`, and ends the sessions they name.`,
    ),
})

const Basic = z.strictObject({
  htpasswd: Path.describe('File of `NAME:HASH` lines, bcrypt only (`htpasswd -B`).'),
  realm: text(
    (written) => (/^[\x20-\x21\x23-\x5b\x5d-\x7e]+$/.test(written) ? written : undefined),
    'text',
    'a text of ASCII letters without quotes and backslashes',
  )
    .prefault('drawbridge')
    .describe('What a browser shows when it asks for the password.'),
  attempts: RateOrNone.prefault('10/m').describe(
    'Failed checks, by login name and client address together. Beyond it 429. `none` lifts it.',
  ),
  from: From.prefault(['header']).describe(fromText('`Authorization: Basic`')),
  passCredential,
})

const ApiKey = z.strictObject({
  keys: Path.describe(
    'YAML or JSON file: a list of `{ name, sha256, expires }`, or a mapping of names to `{ sha256, expires }`. `sha256` is the ' +
      'hash of the key in hex, `expires` an ISO date, or left out for never.',
  ),
  header: HeaderName.optional().describe(
    'The header that carries the key. Left out, and `query` and `from` too: `x-api-key`.',
  ),
  query: text(
    (written) => (parsePlace(`query:${written}`, '') ? written : undefined),
    'text',
    'the name of a query parameter',
  )
    .optional()
    .describe('The query parameter that carries the key: short for `query:NAME` in `from`.'),
  from: From.optional().describe(fromText('that of `header`, or `x-api-key`')),
  passCredential,
})

const Forward = z.strictObject({
  url: text(
    (written) => (parseEndpoint(written) ? written : undefined),
    'URL',
    'an http or https URL without user and fragment',
  ).describe(
    'Where a GET asks: 2xx lets pass, 401, 403 and redirects are relayed, anything else is 503.',
  ),
  send: oneOrMore(SentHeader, 'a header or a list of headers')
    .prefault(['authorization', 'cookie'])
    .describe(
      'The request headers that the server is sent, beside X-Forwarded-Method, -Proto, -Host, -Uri and -For. A value or a list.',
    ),
  copy: oneOrMore(HeaderName, 'a header or a list of headers')
    .prefault([])
    .describe(
      'The headers of its answer that go upstream, in place of the client’s own of these names. A value or a list.',
    ),
  timeout: Clock.prefault('5s').describe(
    'Time for the whole answer. Then 503. `none` waits for ever.',
  ),
  cache: ClockOrZero.prefault('none').describe(
    'How long a 2xx is good for the same credentials. `none` asks every time.',
  ),
})

const pattern = (example: string) =>
  oneOrMore(
    text(
      (written) => (/^[A-Za-z][\w. ]*[=:]./.test(written) ? written : undefined),
      'pattern',
      example,
    ),
    'a pattern or a list of patterns',
  ).prefault([])

const Certificate = z.strictObject({
  subjects: pattern('a subject such as CN=device-*').describe(
    'Subjects that pass, such as `CN=device-*` or `CN=*,O=Example`; `*` is any text. A value or a list.',
  ),
  sans: pattern('an alternative name such as DNS:*.example.com or URI:spiffe://example/*').describe(
    'Alternative names, one of which lets pass, such as `DNS:*.example.com`; `*` is any text. A value or a list.',
  ),
})

const Ticket = z.strictObject({
  path: text(
    (written) =>
      isPathPattern(written) && !written.endsWith('/') && !written.endsWith('*')
        ? written
        : undefined,
    'path',
    'a path such as /.drawbridge/ticket, in ASCII, without a trailing slash, escape, ?, ; or dot segment',
  )
    .prefault(ticketPath)
    .describe('`POST PATH?for=/chat` gives out a ticket for an upgrade to `/chat`.'),
  lifetime: Span.prefault('30s').describe('How long a ticket is good.'),
  bindAddress: z
    .boolean()
    .prefault(false)
    .describe('`true`: only for the client address that asked for it.'),
})

/** Exactly one method; references.ts says so, with the place of the second. */
export const Authenticator = z.strictObject({
  jwt: Jwt.optional().describe('JSON Web Tokens.'),
  basic: Basic.optional().describe('Login names and passwords.'),
  apiKey: ApiKey.optional().describe('Keys, of which the gateway has the hashes.'),
  forward: Forward.optional().describe('Another server that is asked about each request.'),
  certificate: Certificate.optional().describe(
    'Client certificates, on listeners with `tls.clientCertificate`.',
  ),
  ticket: Ticket.optional().describe(
    'Single-use tickets for browsers, given to whom another authenticator of the route lets pass.',
  ),
})
