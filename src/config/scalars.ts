import { z } from 'zod'
import { parseBind } from './bind-address.ts'
import { parseByteSize } from './byte-size.ts'
import { parseDuration } from './duration.ts'
import { parseByteRate, parseRate } from './rate.ts'

/**
 * A text that is read by `parse`. `title` names its kind in the documentation; `expected` ends the
 * sentence "found …, expected …". Every message of this schema is such an ending.
 */
export function text<T>(parse: (text: string) => T | undefined, title: string, expected: string) {
  return z
    .string({ error: expected })
    .meta({ title })
    .transform((written, context) => {
      const value = parse(written)
      if (value !== undefined) return value
      context.issues.push({ code: 'custom', message: expected, input: written })
      return z.NEVER
    })
}

/** `none` in the file is `Infinity` in memory. */
function orNone(parse: (text: string) => number | undefined) {
  return (written: string): number | undefined => (written === 'none' ? Infinity : parse(written))
}

/** A value or a list of them; in memory a list, of `least` at least. */
export function oneOrMore<T extends z.ZodType>(item: T, expected: string, least = 0) {
  const list = least === 0 ? z.array(item) : z.array(item).min(least)
  return z
    .union([item, list], { error: expected })
    .transform((value): z.output<T>[] => (Array.isArray(value) ? value : [value]))
}

/**
 * A key that design and documentation know and this build does not: only what it does anyway is
 * accepted.
 */
export function unbuilt<T extends string | number | boolean>(value: T) {
  return z
    .literal(value, { error: `${value}: anything else is not supported yet` })
    .optional()
    .describe(`Only \`${value}\` so far; anything else is not supported yet.`)
}

const durationForm = 'a duration such as 500ms, 10s, 5m or 1h'

/** A clock: above 0, or none. */
export const Clock = text(
  orNone((written) => parseDuration(written) || undefined),
  'duration or `none`',
  `${durationForm}, above 0 and at most 596h, or none`,
)

/** A span that has to end. */
export const Span = text(
  (written) => parseDuration(written) || undefined,
  'duration',
  `${durationForm}, above 0 and at most 596h`,
)

/** A span that may be nothing: none is 0. */
export const ClockOrZero = text(
  (written) => (written === 'none' ? 0 : parseDuration(written)),
  'duration or `none`',
  `${durationForm}, at most 596h, or none`,
)

const sizeForm = 'a size such as 512B, 64KiB, 1MiB or 2GiB, or none'

export const Size = text(orNone(parseByteSize), 'size or `none`', sizeForm)

/** A burst of bytes. */
export const SizeAboveZero = text(
  (written) => parseByteSize(written) || undefined,
  'size',
  'a size above 0 such as 64KiB',
)

const smallestBuffer = 1024

export const BufferSize = text(
  orNone((written) => {
    const bytes = parseByteSize(written)
    return bytes !== undefined && bytes >= smallestBuffer ? bytes : undefined
  }),
  'size or `none`',
  'a size such as 64KiB, 1KiB at least, or none',
)

export const RateOrNone = text(
  (written) => (written === 'none' ? { count: Infinity, perMs: 1000 } : parseRate(written)),
  'rate or `none`',
  'a rate such as 50/s, 10/m or 100/h, or none',
)

export const ByteRateOrNone = text(
  (written) => (written === 'none' ? { count: Infinity, perMs: 1000 } : parseByteRate(written)),
  'byte rate or `none`',
  'a rate such as 64KiB/s or 10MiB/m, or none',
)

function countOrNone(error: string) {
  const none = z.literal('none', { error }).transform(() => Infinity)
  return [z.int({ error }).min(1, { error }), none] as const
}

const countForm = 'none or a whole number above 0'

export const Count = z.union(countOrNone(countForm), { error: countForm })

const countOrAutoForm = `auto, ${countForm}`

export const CountOrAuto = z.union(
  [z.literal('auto', { error: countOrAutoForm }), ...countOrNone(countOrAutoForm)],
  { error: countOrAutoForm },
)

export const SizeOrAuto = text(
  (written) => (written === 'auto' ? written : orNone(parseByteSize)(written)),
  '`auto`, size or `none`',
  `auto, ${sizeForm}`,
)

export const Bind = text(
  parseBind,
  'address',
  'an address such as 0.0.0.0:8080, [::1]:8080 or unix:/path',
)

/** Names end up in log lines and as labels of metrics. */
export const nameForm = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/

export const Name = z.string().regex(nameForm, {
  error: 'a name of up to 64 letters, digits, dots, dashes and underscores',
})

/** The path of a file or folder; what it names is read by named-files.ts. */
export const Path = text(
  (written) => (written === '' || written.includes('\0') ? undefined : written),
  'path',
  'a path',
)

export function words(values: readonly unknown[], joint: 'or' | 'and' = 'or'): string {
  const all = values.map(String)
  return all.length < 2 ? all.join('') : `${all.slice(0, -1).join(', ')} ${joint} ${all.at(-1)}`
}
