import { z } from 'zod'
import { From, fromText, passCredential } from './credential.ts'
import { parseName } from './distinguished-name.ts'
import { parseEndpoint } from './endpoint.ts'
import { isCredentialHeader } from './identity-header.ts'
import { Jwt } from './jwt.ts'
import { isPathPattern } from './path-pattern.ts'
import { parsePlace } from './place.ts'
import { Clock, ClockOrZero, oneOrMore, Path, RateOrNone, Span, text } from './scalars.ts'
import { isToken } from './token.ts'

/** One of these is the key of every authenticator. */
export const methods = ['jwt', 'basic', 'apiKey', 'forward', 'certificate', 'ticket'] as const

export type Method = (typeof methods)[number]

const ticketPath = '/.drawbridge/ticket'

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
    .optional()
    .describe(
      'The request headers that the server is sent, beside X-Forwarded-Method, -Proto, -Host, -Uri and -For. A value or a list. ' +
        'Left out: `[authorization, cookie]`.',
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

const Subject = text(
  (written) => (parseName(written, true) ? written : undefined),
  'subject',
  'a subject as RFC 4514 writes it, such as CN=device-*',
)

const AlternativeName = text(
  (written) => (/^[A-Za-z][A-Za-z ]*:./.test(written) ? written : undefined),
  'alternative name',
  'an alternative name such as DNS:*.example.com or URI:spiffe://example/*',
)

const Certificate = z.strictObject({
  subjects: oneOrMore(Subject, 'a subject or a list of subjects')
    .prefault([])
    .describe(
      'Subjects that pass, such as `CN=device-*` or `CN=*,O=Example`; `*` is any text. A value or a list.',
    ),
  sans: oneOrMore(AlternativeName, 'an alternative name or a list of them')
    .prefault([])
    .describe(
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
