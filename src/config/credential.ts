import { z } from 'zod'
import { parsePlace } from './place.ts'
import { oneOrMore, text } from './scalars.ts'

/** Where the credential of a method is looked for. */
export const From = oneOrMore(
  text(
    (written) => parsePlace(written, 'authorization'),
    '`header`, `query:NAME`, `cookie:NAME` or `subprotocol`',
    'header, query:NAME, cookie:NAME or subprotocol',
  ),
  'a place or a list of places',
  1,
)

/** @param header what `header` means there */
export const fromText = (header: string): string =>
  `Where the credential may stand; two at once are refused. \`header\` is ${header}, \`subprotocol\` the offers ` +
  '`bearer, CREDENTIAL` and `authorization.bearer.CREDENTIAL`. It is taken out of each of these places before anything is ' +
  'logged or sent upstream. A value or a list.'

export const passCredential = z
  .boolean()
  .prefault(false)
  .describe('`true` sends the credential upstream, as Authorization.')
