import { z } from 'zod'
import { From, fromText, passCredential } from './credential.ts'
import { ClockOrZero, oneOrMore, text, words } from './scalars.ts'
import { Secret } from './secret.ts'

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

/** Where an OpenID provider tells of a logout. */
export const logoutPath = '/.drawbridge/backchannel-logout'

const someText = text((written) => written || undefined, 'text', 'a text that is not empty')

const secretForm = 'a secret of at least 32 bytes, best ${NAME} or ${file:path}'

const Claim = z
  .union([z.string(), z.number(), z.boolean()], { error: 'a text, a number, true or false' })
  .transform(String)

export const Jwt = z.strictObject({
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
  algorithms: oneOrMore(z.enum(algorithms), `${words(algorithms)}, or a list of these`, 1)
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
