import type { EdgeRequest } from '../listener/edge-request.ts'
import type { RequestHead } from '../observe/request-record.ts'
import type { Route } from './stages.ts'

/** In the log, in place of a token. */
const hidden = '[target]'

/** What separates segments, to whoever decodes a path however often. */
const separator = /\/|\\|%(?:25)*(?:2f|5c)/i

/**
 * What the log may show of requests: where their path or host is the token of a target, that is left
 * out. Before a route has been found, it is as if it were any of those that have such tokens.
 */
export class ShownHeads {
  readonly #hidesHost: boolean
  /** How many segments of a path stand before the first that may be a token. */
  readonly #depth: number

  constructor(routes: readonly Route[]) {
    const places = routes.map((route) => ({ route, from: tokenPlaceOf(route) }))
    this.#hidesHost = places.some(({ from }) => from === 'host')
    const depths = places
      .filter(({ from }) => from === 'path')
      .flatMap(({ route }) => depthsOf(route))
    this.#depth = Math.min(Infinity, ...depths)
  }

  /** Whether there is anything that is not shown. */
  get areCut(): boolean {
    return this.#hidesHost || this.#depth !== Infinity
  }

  /** @param route undefined where none has been found */
  show(head: RequestHead, route?: Route): RequestHead {
    if (!this.areCut) return head
    const from = route && tokenPlaceOf(route)
    const hidesHost = route === undefined ? this.#hidesHost : from === 'host'
    const depth =
      route === undefined
        ? this.#depth
        : Math.min(Infinity, ...(from === 'path' ? depthsOf(route) : []))
    return {
      ...head,
      host: hidesHost && head.host !== undefined ? hidden : head.host,
      // A page of the same host names it too.
      origin: hidesHost && head.origin !== undefined ? hidden : head.origin,
      path: head.path === undefined ? undefined : cut(head.path, depth),
    }
  }
}

/** What of a request a record may know. */
export function headOf({ client, host, method, path, headers }: EdgeRequest): RequestHead {
  return { client, host, method, path, origin: headers.one('origin') }
}

function tokenPlaceOf({ action }: Route): 'path' | 'host' | undefined {
  const kind = action.kind === 'bridge' ? action.from?.kind : undefined
  return kind === 'path' || kind === 'host' ? kind : undefined
}

/** The segments of each `/prefix/*`; none where the route takes any path. */
function depthsOf({ match: { paths } }: Route): number[] {
  return paths.length === 0 ? [0] : paths.map((path) => path.split('/').length - 2)
}

function cut(path: string, depth: number): string {
  if (depth === Infinity) return path
  const segments = path.split(separator)
  if (segments.length <= depth + 1) return path
  return [...segments.slice(0, depth + 1), hidden].join('/')
}
