import { GatewayError } from '../errors.ts'
import type { EdgeRequest } from '../listener/edge-request.ts'
import { HostIndex } from './host-index.ts'
import { readings } from './path.ts'
import { PathPattern } from './path-pattern.ts'

/** What a route is found by; empty lists are any. */
export interface Matched {
  readonly match: {
    readonly hosts: readonly string[]
    readonly paths: readonly string[]
    readonly websocket?: boolean
    /** True takes https only, false clear text only; undefined both. */
    readonly secure?: boolean
  }
}

interface Entry<T> {
  readonly route: T
  /** The route's place in the configuration: the first that matches wins. */
  readonly order: number
  readonly paths: readonly PathPattern[]
  readonly websocket: boolean | undefined
  readonly secure: boolean | undefined
}

/** What of a request decides beside its host and path. */
interface Manner {
  readonly websocket: boolean
  readonly secure: boolean
}

/** The routes of a configuration, by host, path and kind of request. Immutable. */
export class RouteTable<T extends Matched> {
  readonly #hosts = new HostIndex<Entry<T>>()

  constructor(routes: readonly T[]) {
    for (const [order, route] of routes.entries()) {
      const { hosts, paths, websocket, secure } = route.match
      const patterns = paths.map((path) => new PathPattern(path))
      this.#hosts.add(hosts, { route, order, paths: patterns, websocket, secure })
    }
  }

  /**
   * The first route that takes the request, provided that every reading of its path finds the same
   * one.
   * @throws {GatewayError} `path-ambiguous`, `route-missing`
   */
  match(request: EdgeRequest): T {
    const { path } = request
    const ways = readings(path)
    if (ways === undefined) throw ambiguous('the path has a reading that is never allowed')
    const lists = this.#hosts.find(request.host)
    const manner = { websocket: request.websocket, secure: request.scheme === 'https' }
    const found = first(lists, manner, (pattern) => pattern.matches(path))
    for (const reading of ways) {
      // A path with capitals may be just what a pattern says. One without is what a backend that
      // folds reads, too.
      if (reading === path && path !== path.toLowerCase()) continue
      const other = first(lists, manner, (pattern) => pattern.matchesReading(reading))
      if (other !== found) throw ambiguous('not every reading of the path finds the same route')
    }
    if (found === undefined) throw new GatewayError('route-missing', 'no route takes this request')
    return found
  }

  /** Whether a route names this host, itself or by its domain. @param name lower case */
  knowsHost(name: string): boolean {
    return this.#hosts.knows(name)
  }
}

/** The first of all lists by its place in the configuration; each list is in that order. */
function first<T>(
  lists: readonly (readonly Entry<T>[])[],
  { websocket, secure }: Manner,
  matches: (pattern: PathPattern) => boolean,
): T | undefined {
  let found: Entry<T> | undefined
  for (const list of lists) {
    const entry = list.find(
      (entry) =>
        (entry.websocket ?? websocket) === websocket &&
        (entry.secure ?? secure) === secure &&
        (entry.paths.length === 0 || entry.paths.some(matches)),
    )
    if (entry !== undefined && (found === undefined || entry.order < found.order)) found = entry
  }
  return found?.route
}

function ambiguous(message: string): GatewayError {
  return new GatewayError('path-ambiguous', message)
}
