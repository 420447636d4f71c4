import { isDeepStrictEqual } from 'node:util'
import { parseNetwork } from './address.ts'
import type { Config } from './config.ts'
import type { RouteConfig } from './settled/routes.ts'
import { containsPath } from './path-pattern.ts'

/** Two routes of which one guards what a backend may also show under the other. */
export interface Overlap {
  /** Positions in `routes`. */
  readonly first: number
  readonly second: number
  readonly text: string
}

/**
 * Finds routes to one upstream that differ in whom they let in, where one pattern contains the
 * other: a backend that answers by file extension or rewrites paths shows what the strict one
 * guards under the other one.
 */
export function findOverlaps({ routes }: Config): Overlap[] {
  return routes.flatMap((later, second) =>
    routes.slice(0, second).flatMap((earlier, first): Overlap[] => {
      const upstream = upstreamOf(later)
      if (upstream === undefined || upstream !== upstreamOf(earlier)) return []
      const differing = differences(earlier, later)
      if (differing.length === 0 || !nested(earlier, later)) return []
      const text =
        `leads to the upstream ${upstream} as route ${earlier.name} does, with different ${differing.join(' and ')}, ` +
        'and one path contains the other: a backend that reads paths in its own way shows under one what the other guards'
      return [{ first, second, text }]
    }),
  )
}

function upstreamOf({ action }: RouteConfig): string | undefined {
  if (action.kind !== 'proxy' && action.kind !== 'bridge') return undefined
  return typeof action.upstream === 'string' ? action.upstream : undefined
}

function differences(a: RouteConfig, b: RouteConfig): string[] {
  const origins = !sameMembers(a.origins, b.origins) || a.requireOrigin !== b.requireOrigin
  const auth = !sameMembers(a.auth, b.auth)
  const clients =
    !sameMembers(networks(a.clients.allow), networks(b.clients.allow)) ||
    // No list denies as little as an empty one.
    !sameMembers(networks(a.clients.deny ?? []), networks(b.clients.deny ?? []))
  return [
    ...(origins ? ['origins'] : []),
    ...(auth ? ['auth'] : []),
    ...(clients ? ['clients'] : []),
  ]
}

/** Addresses in one spelling: a single one is a range too. */
function networks(written: readonly string[] | undefined): string[] | undefined {
  return written?.map((text) => {
    const network = parseNetwork(text)
    return network === undefined ? text : `${network.address}/${network.prefix}`
  })
}

/**
 * Whether order and repetition are all that two lists differ in. A list left out is not an empty
 * one.
 */
function sameMembers(a: readonly string[] | undefined, b: readonly string[] | undefined): boolean {
  return isDeepStrictEqual(a && new Set(a), b && new Set(b))
}

function nested(a: RouteConfig, b: RouteConfig): boolean {
  const [kindA, kindB] = [a.match.websocket, b.match.websocket]
  if (kindA !== undefined && kindB !== undefined && kindA !== kindB) return false
  if (!someHostOfBoth(a.match.hosts, b.match.hosts)) return false
  return some(a.match.paths, b.match.paths, (x, y) => containsPath(x, y) || containsPath(y, x))
}

function someHostOfBoth(a: readonly string[], b: readonly string[]): boolean {
  return some(a, b, (x, y) => containsHost(x, y) || containsHost(y, x))
}

function containsHost(outer: string, inner: string): boolean {
  return outer === inner || (outer.startsWith('*.') && inner.endsWith(outer.slice(1)))
}

/** Whether some pair fits; an empty list is everything. */
function some(
  a: readonly string[],
  b: readonly string[],
  fits: (x: string, y: string) => boolean,
): boolean {
  return a.length === 0 || b.length === 0 || a.some((x) => b.some((y) => fits(x, y)))
}
