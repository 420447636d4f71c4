import { z } from 'zod'
import { isIdentityHeader } from './identity-header.ts'
import { text } from './scalars.ts'

const HeaderName = z.string().refine(isIdentityHeader, {
  error:
    'a header name of letters, digits and dashes that HTTP and the gateway do not use themselves',
})

const HeaderSource = text(
  (written) => (/^(?:subject|name|claims(?:\.[\w:/-]+)+)$/.test(written) ? written : undefined),
  'source',
  'subject, name or claims.NAME',
)

const headers = z.record(HeaderName, HeaderSource)

const effect =
  'Header names, and what the gateway writes there: `subject`, `name` or `claims.NAME`. They are removed from every client’s ' +
  'request, in every spelling.'

export const Identity = z.strictObject({ headers: headers.prefault({}).describe(effect) })

/** A route's own: headers that it does not name are as in the global `identity`. */
export const RouteIdentity = z.strictObject({
  headers: headers.prefault({}).describe('As in `identity`, beside or in place of those there.'),
})
