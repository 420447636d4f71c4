import { z } from 'zod'
import type { PerDirection } from './settled/limits.ts'

/** A limit as it is written for each way; a direction that is left out is as in the layer below. */
export type EachWay<T> = Partial<PerDirection<T>>

/**
 * A limit that is for both ways, or says for either. `forms` are the ways to write one limit,
 * `what` is what it counts, `error` what is expected.
 */
export function eachWay<T extends object>(
  forms: readonly [z.ZodType<T>, z.ZodType<T>],
  what: string,
  error: string,
) {
  const limit = z.union(forms, { error })
  const directions = z
    .strictObject({
      fromClient: limit.optional().describe(`Of ${what} that the client sends.`),
      fromUpstream: limit.optional().describe(`Of ${what} that the upstream sends.`),
    })
    .transform(({ fromClient, fromUpstream }, context): EachWay<T> => {
      // To zod a form with nothing but unknown keys against it would be the one that was meant,
      // whatever the others say.
      if (context.issues.length > 0) context.aborted = true
      return {
        ...(fromClient === undefined ? {} : { fromClient }),
        ...(fromUpstream === undefined ? {} : { fromUpstream }),
      }
    })
  const both = forms.map((form) =>
    form.transform((value): EachWay<T> => ({ fromClient: value, fromUpstream: value })),
  )
  // One union, not one inside another: so the mapping that was meant can be told from the other.
  return z.union([...both, directions], { error: `${error}, or with fromClient and fromUpstream` })
}
