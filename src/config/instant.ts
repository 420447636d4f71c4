/**
 * Reads a date of ISO 8601, `2030-01-31` (its first moment in UTC) or `2030-01-31T12:00:00Z` (or
 * with an offset).
 * @returns epoch milliseconds, or undefined where it is none
 */
export function parseInstant(text: string): number | undefined {
  const [, day, time] =
    /^(\d{4}-\d\d-\d\d)(T\d\d:\d\d(?::\d\d(?:\.\d{1,3})?)?(?:Z|[+-]\d\d:\d\d))?$/.exec(text) ?? []
  if (day === undefined) return undefined
  // The parser takes the 31st of any month.
  const date = Date.parse(day)
  if (Number.isNaN(date) || new Date(date).toISOString().slice(0, 10) !== day) return undefined
  const instant = Date.parse(day + (time ?? ''))
  return Number.isNaN(instant) ? undefined : instant
}
