import type { KeyPath } from './problem.ts'

/** Keys that the design has and this build has not at all; `*` is any name or position. */
export const plannedKeys: ReadonlySet<string> = new Set(['admin'])

export function isPlanned(path: KeyPath): boolean {
  const [section] = path
  // The second key is a name where the section is a collection of named things, or of routes.
  const collection = section === 'listeners' || section === 'upstreams' || section === 'routes'
  return plannedKeys.has(path.map((key, at) => (at === 1 && collection ? '*' : key)).join('.'))
}
