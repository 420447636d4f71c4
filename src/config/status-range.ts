/** HTTP statuses, both ends included. */
export interface StatusRange {
  readonly from: number
  readonly to: number
}

/** @returns undefined where `text` is none of `200` and `200-399`, from 200 to 599 */
export function parseStatuses(text: string): StatusRange | undefined {
  const [, first = '', last = first] = /^([2-5]\d\d)(?:-([2-5]\d\d))?$/.exec(text) ?? []
  if (first === '' || Number(first) > Number(last)) return undefined
  return { from: Number(first), to: Number(last) }
}
